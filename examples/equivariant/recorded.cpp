#include "recorded.h"

#include <algorithm>
#include <fstream>
#include <sstream>

namespace equivariant {

namespace {

std::size_t step_named(const std::string& name, const std::vector<std::string>& names) {
  const auto found = std::ranges::find(names, name);
  if (found == names.end()) refuse("there is no '" + name + "' before it");
  return static_cast<std::size_t>(found - names.begin());
}

double number(const std::string& word) {
  std::size_t end = 0;
  double value = 0;
  try {
    value = std::stod(word, &end);
  } catch (const std::exception&) {
    end = 0;
  }
  if (end == 0 || end != word.size()) refuse("'" + word + "' is no number");
  return value;
}

/// How many values an operation takes, then how many numbers; -1: any.
struct Arity {
  const char* op;
  int operands, numbers;
};
constexpr Arity kOperations[] = {{"input", 0, 0}, {"constant", 0, -1}, {"reshape", 1, 0}, {"expand", 1, 0},
                                 {"slice", 1, 3}, {"einsum", -1, 0},   {"mul", 1, 1},     {"truediv", 1, 1},
                                 {"add", 2, 0},   {"cat", -1, 0},      {"output", 1, 0}};

}  // namespace

Recorded::Step Recorded::read(const std::string& line, std::vector<std::string>& names,
                              einx::DType dtype) const {
  std::istringstream words(line);
  std::string name, equals, word;
  Step step;
  words >> name >> equals >> step.op;
  const auto* row =
      std::ranges::find_if(kOperations, [&](const Arity& arity) { return step.op == arity.op; });
  if (equals != "=" || row == std::end(kOperations)) refuse("there is no operation '" + step.op + "'");
  if (step.op == "einsum") words >> step.pattern;
  while (words >> word && word != ";") {
    const bool value = row->operands < 0 || static_cast<int>(step.operands.size()) < row->operands;
    if (value)
      step.operands.push_back(step_named(word, names));
    else
      step.numbers.push_back(number(word));
  }
  if (row->operands >= 0 && static_cast<int>(step.operands.size()) != row->operands)
    refuse("'" + step.op + "' takes " + std::to_string(row->operands) + " values");
  if (row->numbers >= 0 && static_cast<int>(step.numbers.size()) != row->numbers)
    refuse("'" + step.op + "' takes " + std::to_string(row->numbers) + " numbers");
  while (words >> word) step.shape.push_back(static_cast<std::int64_t>(number(word)));
  if (step.op == "constant") step.constant = Tensor::copy_of(step.numbers, step.shape).cast(dtype);
  names.push_back(name);
  return step;
}

Recorded Recorded::load(const std::string& path, einx::DType dtype) {
  std::ifstream file(path);
  if (!file) refuse("The recorded graph " + path + " cannot be opened.");
  Recorded recorded;
  std::vector<std::string> names;
  std::string line;
  for (int at = 1; std::getline(file, line); ++at) {
    if (line.empty() || line.front() == '#') continue;
    try {
      recorded.steps_.push_back(recorded.read(line, names, dtype));
    } catch (const einx::ValueError& error) {
      refuse(path + ":" + std::to_string(at) + ": " + error.what() + ".");
    }
    if (recorded.steps_.back().op == "input")
      recorded.inputs_.push_back({names.back(), recorded.steps_.back().shape});
  }
  if (recorded.steps_.empty() || recorded.steps_.back().op != "output")
    refuse("The recorded graph " + path + " does not end in an output.");
  return recorded;
}

Tensor Recorded::compute(const Step& step, const std::vector<Tensor>& done) const {
  std::vector<Tensor> x;
  for (const std::size_t operand : step.operands) x.push_back(done[operand]);
  const auto at = [&](std::size_t k) { return static_cast<std::int64_t>(step.numbers.at(k)); };
  if (step.op == "constant") return step.constant;
  if (step.op == "reshape") return x[0].reshaped(step.shape);
  if (step.op == "expand") return x[0].broadcast_to(step.shape);
  if (step.op == "slice") return x[0].sliced(static_cast<int>(at(0)), at(1), at(2));
  if (step.op == "einsum") return einx::einsum(step.pattern, x);
  if (step.op == "mul") return einx::multiply("a...,", x[0], step.numbers[0]);
  if (step.op == "truediv") return einx::true_divide("a...,", x[0], step.numbers[0]);
  if (step.op == "add") return einx::add("a..., a...", x[0], x[1]);
  if (step.op == "cat") return einx::einops::pack(x, "z *").tensor;
  return x[0];  // output
}

Tensor Recorded::run(const std::vector<Tensor>& inputs) const {
  if (inputs.size() != inputs_.size())
    refuse("The recorded graph has " + std::to_string(inputs_.size()) + " inputs, not " +
           std::to_string(inputs.size()) + ".");
  std::vector<Tensor> done;
  std::size_t next = 0;
  for (const Step& step : steps_) done.push_back(step.op == "input" ? inputs[next++] : compute(step, done));
  return done.back();
}

}  // namespace equivariant
