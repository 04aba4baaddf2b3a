// einx::Script: a program and the engine that runs it.
#include <einx/script.h>

#include <algorithm>

#include "api/api.h"
#include "model/model.h"
#include "model/save.h"
#include "model/write.h"
#include "support/near.h"
#include "support/support.h"

namespace einx {

namespace model = detail::model;
namespace support = detail::support;

struct Script::Impl {
  Impl(model::ProgramPtr from, const ScriptOptions& wanted)
      : program(std::move(from)),
        options(wanted),
        engine(program, {.optimize = wanted.optimize, .fold_constants = wanted.fold_constants}) {}
  const model::ProgramPtr program;
  const ScriptOptions options;
  const model::Engine engine;

  const detail::script::Function& function(std::string_view name) const {
    for (const auto& [known, function] : program->functions)
      if (known == name) return *std::get<detail::script::FunctionPtr>(function);
    std::vector<std::string_view> names;
    for (const auto& [known, function] : program->functions) names.push_back(known);
    const std::string near = support::did_you_mean(name, names);
    support::raise<ValueError>({.kind = "bad-parameter",
                                .sentence = "The script has no function '" + std::string(name) + "'.",
                                .advice = near.empty() ? std::vector<std::string>{} : std::vector{near}});
  }
};

Script Script::parse(std::string_view text, const Data& data, const ScriptOptions& options) {
  return Script(std::make_shared<const Impl>(
      std::make_shared<const detail::script::Program>(detail::script::parse(text, data)), options));
}

std::vector<std::string> Script::functions() const {
  std::vector<std::string> names;
  for (const auto& [name, function] : impl_->program->functions) names.push_back(name);
  return names;
}

/// Numbers among the operands are weak: they have the dtype that their parameter declares, if it is of their
/// kind.
std::vector<Tensor> Script::run(std::string_view name, std::span<const Operand> operands) const {
  const detail::script::Function& function = impl_->function(name);
  std::vector<Tensor> tensors = detail::api::operand_tensors(operands, "A script");
  for (std::size_t k = 0; k < operands.size() && k < function.parameters.size(); ++k) {
    if (operands[k].kind() == Operand::Kind::Tensor) continue;
    const DType dtype = model::declared_dtype(tensors[k].dtype(), function.parameters[k].type);
    if (dtype != tensors[k].dtype()) tensors[k] = tensors[k].cast(dtype);
  }
  return impl_->engine.run(name, tensors);
}

Tensor Script::run_one(std::span<const Operand> operands) const {
  return run(impl_->program->functions.front().first, operands).at(0);
}

std::string Script::text() const { return detail::script::text(*impl_->program); }
Script::Data Script::data() const { return detail::script::data_beside(*impl_->program); }

std::string Script::explain(std::string_view function, std::span<const Spec> specs) const {
  impl_->function(function);
  return impl_->engine.text(function, specs);
}

std::shared_ptr<const model::SavedProgram> Script::saved_program() const {
  auto saved = std::make_shared<model::SavedProgram>();
  saved->program = *impl_->program;
  saved->entries = functions();
  saved->optimize = impl_->options.optimize;
  saved->fold_constants = impl_->options.fold_constants;
  return saved;
}

}  // namespace einx
