// sin and cos: the argument minus the nearest multiple of pi / 2, cut in parts that multiply exactly (Cody
// and Waite), then a polynomial. In f64 for f32, too. Beyond 1e5 the C library's functions take over, which
// know enough digits of pi. A function of its own in the module for each vector width, as only it can branch.
#include <array>
#include <limits>
#include <string>

#include "codegen/terms.h"

namespace einx::detail::codegen {
namespace {

constexpr double kLargest = 1e5;
/// pi / 2: parts of 33 bits, so that their products with numbers of 20 bits are exact, and the rest.
constexpr std::array kHalfPi = {0x1.921fb54400000p+0, 0x1.0b4611a600000p-34, 0x1.3198a2e000000p-69,
                                0x1.b839a252049c1p-104};

/// Whether the bit of an integer is set.
Value* bit(const Terms& t, Value* integer, std::int64_t mask) {
  return t.b().CreateICmpNE(t.b().CreateAnd(integer, t.integer(mask)), t.integer(0));
}

/// sin or cos of |x| <= 1e5, at most 2 ulp; polynomials through Chebyshev nodes on [0, pi / 4].
Value* moderate(const Terms& t, Value* x, bool cosine) {
  Builder& b = t.b();
  Value* magic = t.number(rounder(t));
  Value* sum = t.fma(x, t.number(0x1.45f306dc9c883p-1), magic);
  Value* n = t.sub(sum, magic);
  Value* r = t.sub(x, t.mul(n, t.number(kHalfPi[0])));
  Value* lost = t.number(0);  // by the subtractions
  for (const int part : {1, 2}) {
    Value* step = t.mul(n, t.number(kHalfPi[std::size_t(part)]));
    Value* next = t.sub(r, step);
    lost = t.add(lost, t.sub(t.sub(r, next), step));
    r = next;
  }
  r = t.add(r, t.sub(lost, t.mul(n, t.number(kHalfPi[3]))));
  Value* z = t.mul(r, r);
  Value* s =
      t.polynomial(z, {1.5915309183057724861e-10, -2.5051092308431312731e-8, 2.7557315910939001538e-6,
                       -1.9841269836385434484e-4, 8.3333333333306993363e-3, -1.6666666666666664365e-1});
  Value* sine = t.fma(t.mul(r, z), s, r);
  Value* c = t.polynomial(z, {-1.1380868171449770957e-11, 2.0876121534608453101e-9, -2.7557317151858864538e-7,
                              2.4801587298532259045e-5, -1.3888888888887241376e-3, 4.1666666666666665227e-2});
  Value* half = t.mul(z, t.number(0.5));
  Value* head = t.sub(t.number(1), half);
  Value* tail = t.fma(t.mul(z, z), c, t.sub(t.sub(t.number(1), head), half));
  Value* quadrant = cosine ? b.CreateAdd(t.bits(sum), t.integer(1)) : t.bits(sum);
  Value* made = t.select(bit(t, quadrant, 1), t.add(head, tail), sine);
  made = t.select(bit(t, quadrant, 2), b.CreateFNeg(made), made);
  return cosine ? made : t.select(b.CreateFCmpOEQ(x, t.number(0)), x, made);  // keeps -0
}

/// Whether any lane is beyond what `moderate` can do. Infinities and NaN are not.
Value* any_large(const Terms& t, Value* x) {
  Value* size = t.abs(x);
  Value* finite = t.b().CreateFCmpOLT(size, t.number(std::numeric_limits<double>::infinity()));
  Value* large = t.b().CreateAnd(t.b().CreateFCmpOGT(size, t.number(kLargest)), finite);
  return t.lanes() == 0 ? large : t.b().CreateOrReduce(large);
}

struct Trigonometric {
  bool cosine;
  const char* libm;
};

/// The module's function for values of one f64 type.
llvm::Function* function_of(const Arithmetic& to, const Trigonometric& which, llvm::Type* type) {
  llvm::Function* caller = to.b.GetInsertBlock()->getParent();
  const std::string name =
      std::string(which.cosine ? "cos" : "sin") + std::to_string(Terms{to, type}.lanes());
  if (llvm::Function* made = caller->getParent()->getFunction(name)) return made;
  llvm::Function* made =
      llvm::Function::Create(llvm::FunctionType::get(type, {type}, false), llvm::GlobalValue::InternalLinkage,
                             name, caller->getParent());
  made->addFnAttrs(llvm::AttrBuilder(made->getContext(), caller->getAttributes().getFnAttrs()));
  made->setDoesNotThrow();
  const auto block = [&](const char* label) {
    return llvm::BasicBlock::Create(made->getContext(), label, made);
  };
  llvm::BasicBlock *entry = block("entry"), *slow = block("slow"), *fast = block("fast");
  Value* x = made->getArg(0);
  Builder builder(entry);
  const Arithmetic in{builder, to.features};
  const Terms t{in, type};
  builder.CreateCondBr(any_large(t, x), slow, fast);
  builder.SetInsertPoint(slow);
  builder.CreateRet(emit_libm(in, which.libm, {x}));
  builder.SetInsertPoint(fast);
  builder.CreateRet(moderate(t, x, which.cosine));
  return made;
}

Value* emit(const Arithmetic& to, const Trigonometric& which, Value* x) {
  llvm::Type* given = x->getType();
  llvm::Type* wide = register_type(given->getContext(), f64, Terms{to, given}.lanes());
  Value* made = given == wide ? x : to.b.CreateFPExt(x, wide);
  made = to.b.CreateCall(function_of(to, which, wide), {made});
  return given == wide ? made : to.b.CreateFPTrunc(made, given);
}

}  // namespace

Value* emit_sin(const Arithmetic& to, Value* x) { return emit(to, {false, "einx_codegen_sin"}, x); }
Value* emit_cos(const Arithmetic& to, Value* x) { return emit(to, {true, "einx_codegen_cos"}, x); }

Value* emit_libm(const Arithmetic& to, const char* name, std::initializer_list<Value*> args) {
  Builder& b = to.b;
  llvm::Type* const type = (*args.begin())->getType();
  llvm::Type* const number = b.getDoubleTy();
  const llvm::SmallVector<llvm::Type*, 2> types(args.size(), number);
  llvm::Module& module = *b.GetInsertBlock()->getModule();
  llvm::FunctionCallee callee =
      module.getOrInsertFunction(name, llvm::FunctionType::get(number, types, false));
  auto* const function = llvm::cast<llvm::Function>(callee.getCallee());
  function->setDoesNotThrow();
  function->setDoesNotAccessMemory();
  const auto call = [&](llvm::ArrayRef<Value*> lane) {
    llvm::SmallVector<Value*, 2> wide;
    for (Value* value : lane) wide.push_back(value->getType() == number ? value : b.CreateFPExt(value, number));
    Value* result = b.CreateCall(callee, wide);
    return type->getScalarType() == number ? result : b.CreateFPTrunc(result, type->getScalarType());
  };
  const auto* vector = llvm::dyn_cast<llvm::FixedVectorType>(type);
  if (vector == nullptr) return call(llvm::ArrayRef<Value*>(args.begin(), args.size()));
  Value* result = llvm::PoisonValue::get(type);
  for (unsigned lane = 0; lane < vector->getNumElements(); ++lane) {
    llvm::SmallVector<Value*, 2> values;
    for (Value* arg : args) values.push_back(b.CreateExtractElement(arg, lane));
    result = b.CreateInsertElement(result, call(values), lane);
  }
  return result;
}

}  // namespace einx::detail::codegen
