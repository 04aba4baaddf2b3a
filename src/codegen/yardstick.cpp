// The yardstick of compile times: a row sum as one would write it by hand, vectors and all, through the same
// code generator and linker.
#include <llvm/AsmParser/Parser.h>
#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/Module.h>
#include <llvm/Support/MemoryBuffer.h>
#include <llvm/Support/SourceMgr.h>
#include <llvm/Target/TargetMachine.h>

#include <chrono>

#include "codegen/engine.h"
#include "support/support.h"

namespace einx::detail::codegen {
namespace {

/// out[row] = sum of 4096 columns, four accumulators of 16 lanes.
constexpr const char* kRowSum = R"(
define void @row_sum(ptr %in, ptr %out, i64 %rows) nounwind "prefer-vector-width"="512" {
entry:
  br label %row
row:
  %r = phi i64 [ 0, %entry ], [ %r.next, %fold ]
  %row.start = mul nsw i64 %r, 16384
  %p = getelementptr i8, ptr %in, i64 %row.start
  br label %column
column:
  %c = phi i64 [ 0, %row ], [ %c.next, %column ]
  %s0 = phi <16 x float> [ zeroinitializer, %row ], [ %a0, %column ]
  %s1 = phi <16 x float> [ zeroinitializer, %row ], [ %a1, %column ]
  %s2 = phi <16 x float> [ zeroinitializer, %row ], [ %a2, %column ]
  %s3 = phi <16 x float> [ zeroinitializer, %row ], [ %a3, %column ]
  %p0 = getelementptr float, ptr %p, i64 %c
  %p1 = getelementptr i8, ptr %p0, i64 64
  %p2 = getelementptr i8, ptr %p0, i64 128
  %p3 = getelementptr i8, ptr %p0, i64 192
  %v0 = load <16 x float>, ptr %p0, align 4
  %v1 = load <16 x float>, ptr %p1, align 4
  %v2 = load <16 x float>, ptr %p2, align 4
  %v3 = load <16 x float>, ptr %p3, align 4
  %a0 = fadd <16 x float> %s0, %v0
  %a1 = fadd <16 x float> %s1, %v1
  %a2 = fadd <16 x float> %s2, %v2
  %a3 = fadd <16 x float> %s3, %v3
  %c.next = add nuw nsw i64 %c, 64
  %more = icmp ult i64 %c.next, 4096
  br i1 %more, label %column, label %fold
fold:
  %b0 = fadd <16 x float> %a0, %a1
  %b1 = fadd <16 x float> %a2, %a3
  %b2 = fadd <16 x float> %b0, %b1
  %h8 = shufflevector <16 x float> %b2, <16 x float> poison, <8 x i32> <i32 8, i32 9, i32 10, i32 11, i32 12, i32 13, i32 14, i32 15>
  %l8 = shufflevector <16 x float> %b2, <16 x float> poison, <8 x i32> <i32 0, i32 1, i32 2, i32 3, i32 4, i32 5, i32 6, i32 7>
  %f8 = fadd <8 x float> %l8, %h8
  %h4 = shufflevector <8 x float> %f8, <8 x float> poison, <4 x i32> <i32 4, i32 5, i32 6, i32 7>
  %l4 = shufflevector <8 x float> %f8, <8 x float> poison, <4 x i32> <i32 0, i32 1, i32 2, i32 3>
  %f4 = fadd <4 x float> %l4, %h4
  %h2 = shufflevector <4 x float> %f4, <4 x float> poison, <2 x i32> <i32 2, i32 3>
  %l2 = shufflevector <4 x float> %f4, <4 x float> poison, <2 x i32> <i32 0, i32 1>
  %f2 = fadd <2 x float> %l2, %h2
  %e0 = extractelement <2 x float> %f2, i64 0
  %e1 = extractelement <2 x float> %f2, i64 1
  %sum = fadd float %e0, %e1
  %to = getelementptr float, ptr %out, i64 %r
  store float %sum, ptr %to, align 4
  %r.next = add nuw nsw i64 %r, 1
  %again = icmp slt i64 %r.next, %rows
  br i1 %again, label %row, label %done
done:
  ret void
}
)";

}  // namespace

double compile_yardstick() {
  llvm::LLVMContext context;
  llvm::SMDiagnostic problem;
  const std::unique_ptr<llvm::Module> module = llvm::parseAssemblyString(kRowSum, problem, context);
  if (!module) support::internal_error("codegen: the yardstick does not parse");
  const auto start = std::chrono::steady_clock::now();
  const std::shared_ptr<llvm::TargetMachine> machine = target_machine(host_target());
  set_layout(*module, *machine);
  const std::unique_ptr<Loaded> loaded = load(generate(*module, *machine), {"row_sum"});
  return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace einx::detail::codegen
