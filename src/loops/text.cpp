// Programs as text: `--emit loops` and `--emit schedule`.
#include <algorithm>

#include "loops/loops.h"
#include "support/support.h"

namespace einx::detail::loops {
namespace {

std::string number(const Int& value) {
  return value.constant() ? std::to_string(value.value) : "p" + std::to_string(value.param);
}

/// Text of a kernel's parts; buffers and names are looked up here.
struct Printer {
  const std::vector<Buffer>& buffers;
  const Kernel& kernel;
  std::string out{};

  std::string var(VarId v) const { return v < 0 ? "?" : kernel.vars[std::size_t(v)]; }
  std::string ref(const Ref& r) const {
    if (r.reg < 0) return "_";
    std::string name = kernel.registers[std::size_t(r.reg)].name;
    if (r.index.empty()) return name;
    std::vector<std::string> index;
    for (const VarId v : r.index) index.push_back(var(v));
    return name + "[" + support::join(index, ", ") + "]";
  }
  std::string typed(const Ref& r) const {
    return ref(r) + ": " + std::string(name_of(kernel.registers[std::size_t(r.reg)].dtype));
  }
  std::string refs(const std::vector<Ref>& list) const {
    std::vector<std::string> names;
    for (const Ref& r : list) names.push_back(ref(r));
    return support::join(names, ", ");
  }
  void line(int depth, const std::string& text) {
    out += std::string(std::size_t(depth) * 2, ' ') + text + "\n";
  }
};

/// "10*a + b + 3"
std::string address(const Printer& printer, const Address& at) {
  std::vector<std::string> parts;
  const auto term = [&](const Int& stride, const std::string& name) {
    parts.push_back(stride.is(1) ? name : number(stride) + "*" + name);
  };
  for (const Address::Term& t : at.terms)
    if (!t.stride.is(0)) term(t.stride, printer.var(t.var));
  for (const Address::Indirect& i : at.indirect) term(i.stride, printer.ref({i.index, {}}));
  if (!at.offset.is(0) || parts.empty()) parts.push_back(number(at.offset));
  std::string text;
  for (const std::string& part : parts) {
    if (text.empty())
      text = part;
    else
      text += part[0] == '-' ? " - " + part.substr(1) : " + " + part;
  }
  return text;
}

std::string element(const Printer& printer, BufferId buffer, const Address& at) {
  return printer.buffers[std::size_t(buffer)].name + "[" + address(printer, at) + "]";
}

// ---------------------------------------------------------------- scalar functions
std::string number(const tensor::Scalar& value) {
  if (tensor::is_unsigned(value.dtype)) return std::to_string(value.u);
  if (!tensor::is_float(value.dtype)) return std::to_string(value.i);
  char buffer[40];
  std::snprintf(buffer, sizeof buffer, "%.9g", value.f);
  return buffer;
}

/// A function as one expression; nodes used several times become names in front of it.
struct Expression {
  const ops::ScalarFn& fn;
  const std::vector<std::string>& args;
  std::vector<int> uses = std::vector<int>(fn.nodes.size(), 0);
  std::vector<std::string> names = std::vector<std::string>(fn.nodes.size());

  void count(int node) {
    if (uses[std::size_t(node)]++ > 0) return;
    for (const int arg : fn.nodes[std::size_t(node)].args)
      if (arg >= 0) count(arg);
  }
  std::string text(int node, bool named) const {
    if (named && !names[std::size_t(node)].empty()) return names[std::size_t(node)];
    const ops::ScalarNode& n = fn.nodes[std::size_t(node)];
    if (n.prim == ops::Prim::Arg) return args[std::size_t(n.arg)];
    if (n.prim == ops::Prim::Const) return number(n.constant);
    std::vector<std::string> parts;
    for (const int arg : n.args)
      if (arg >= 0) parts.push_back(text(arg, true));
    const std::string name(n.prim == ops::Prim::Cast ? name_of(n.dtype) : ops::name_of(n.prim));
    return name + "(" + support::join(parts, ", ") + ")";
  }
};

/// "add(acc, x)", or "let t0 = ...; (..., ...)".
std::string applied(const ops::ScalarFn& fn, const std::vector<std::string>& args) {
  Expression expression{fn, args};
  for (const int result : fn.results) expression.count(result);
  std::string lets;
  int named = 0;
  for (std::size_t n = 0; n < fn.nodes.size(); ++n) {
    const ops::Prim prim = fn.nodes[n].prim;
    if (expression.uses[n] < 2 || prim == ops::Prim::Arg || prim == ops::Prim::Const) continue;
    const std::string text = expression.text(int(n), true);
    expression.names[n] = "t" + std::to_string(named++);
    lets += expression.names[n] + " = " + text + "; ";
  }
  std::vector<std::string> results;
  for (const int result : fn.results) results.push_back(expression.text(result, true));
  return (lets.empty() ? "" : "let " + lets) + support::join(results, ", ");
}

std::vector<std::string> names(const Printer& printer, const std::vector<Ref>& first,
                               const std::vector<Ref>& second = {}) {
  std::vector<std::string> out;
  for (const auto* list : {&first, &second})
    for (const Ref& r : *list) out.push_back(printer.ref(r));
  return out;
}

// ---------------------------------------------------------------- statements
std::string header(const Printer& printer, const Loop& loop) {
  std::string extent = number(loop.extent);
  if (loop.outer >= 0)
    extent = "min(" + extent + ", " + number(loop.outer_extent) + " - " + printer.var(loop.outer) + ")";
  std::string text = "for " + printer.var(loop.var) + " in 0.." + extent;
  const std::string step = std::to_string(loop.step);
  switch (loop.kind) {
    case LoopKind::Serial:
      break;
    case LoopKind::Parallel:
      text += (loop.step > 1 ? " step " + step : "") + " parallel, parts of " + std::to_string(loop.grain);
      break;
    case LoopKind::Vector:
      text += " vector " + std::to_string(loop.unroll) + " x " + step;
      break;
    case LoopKind::Unrolled:
      text += " unrolled";
      break;
    case LoopKind::Tile:
      text += " step " + step;
      break;
  }
  constexpr const char* parts[] = {"", "whole", "rest", "last", "small"};
  if (loop.part != Loop::Part::All)
    text += ", " + std::string(parts[int(loop.part)]) + " of " + std::to_string(loop.unit);
  return text;
}

std::string transpose(const Printer& p, const Transpose& t) {
  return "transpose " + element(p, t.to, t.to_at) + " by " + number(t.to_stride) + " = " +
         element(p, t.from, t.from_at) + " by " + number(t.from_stride) + ", " + std::to_string(t.rows) +
         " x " + std::to_string(t.cols) + (t.streaming ? ", streaming" : "") +
         (t.ahead > 0 ? ", " + std::to_string(t.ahead) + " ahead" : "");
}

std::string spread(const Printer& p, const Spread& s) {
  const auto by = [](std::int64_t value) { return std::to_string(value); };
  return p.typed(s.dst) + " = spread " + element(p, s.buffer, s.at) + " of " + by(s.span) + " from " +
         address(p, s.first) + ", " + by(s.across) + " each " + by(s.period) + ", " + by(s.along);
}

void print(Printer& p, const Body& body, int depth);

void print(Printer& p, const Statement& statement, int depth) {
  support::match(
      statement.node,
      [&](const Load& s) { p.line(depth, p.typed(s.dst) + " = " + element(p, s.buffer, s.at)); },
      [&](const Store& s) {
        p.line(depth,
               element(p, s.buffer, s.at) + " = " + p.ref(s.value) + (s.streaming ? ", streaming" : ""));
      },
      [&](const Index& s) { p.line(depth, p.typed(s.dst) + " = " + address(p, s.at)); },
      [&](const Set& s) { p.line(depth, p.typed(s.dst) + " = " + number(s.value)); },
      [&](const Apply& s) { p.line(depth, p.refs(s.dst) + " = " + applied(s.fn, names(p, s.args))); },
      [&](const Update& s) {
        p.line(depth,
               p.refs(s.accumulators) + " = " + applied(s.combine, names(p, s.accumulators, s.values)));
      },
      [&](const Fold& s) { p.line(depth, p.refs(s.dst) + " = fold " + p.refs(s.accumulators)); },
      [&](const Check& s) {
        p.line(depth, p.typed(s.dst) + " = check " + p.ref(s.coordinate) + " in " + number(s.extent) +
                          ", operand " + std::to_string(s.operand) + " axis " + std::to_string(s.axis));
      },
      [&](const Transpose& s) { p.line(depth, transpose(p, s)); },
      [&](const Spread& s) { p.line(depth, spread(p, s)); },
      [&](const Prefetch& s) { p.line(depth, "prefetch " + element(p, s.buffer, s.at) + (s.far ? " into L2" : "")); },
      [&](const Loop& s) {
        p.line(depth, header(p, s));
        print(p, s.body, depth + 1);
      });
}

void print(Printer& p, const Body& body, int depth) {
  for (const Statement& statement : body) print(p, statement, depth);
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

std::string print(const std::vector<Buffer>& buffers, const Kernel& kernel) {
  Printer printer{buffers, kernel};
  printer.line(0, "kernel " + kernel.name + "  # " + first_line(kernel.schedule));
  if (kernel.same_a >= 0)
    printer.line(1, "unless " + buffers[std::size_t(kernel.same_a)].name + " is " +
                        buffers[std::size_t(kernel.same_b)].name);
  print(printer, kernel.body, 1);
  return printer.out;
}

std::string print(const std::vector<Buffer>& buffers, const Matmul& matmul, std::size_t step) {
  const auto name = [&](BufferId buffer) { return buffers[std::size_t(buffer)].name; };
  const std::string sizes =
      support::tuple_text({std::int64_t(matmul.batch_c.size()), std::int64_t(matmul.m_c.size()),
                           std::int64_t(matmul.n_c.size()), std::int64_t(matmul.k_a.size())});
  std::string out = "matmul k" + std::to_string(step) + "  # " + first_line(matmul.schedule) + "\n";
  out += "  " + name(matmul.c) + " = " + name(matmul.a) + " * " + name(matmul.b) +
         ", (batch, m, n, k) = " + sizes + ", " + std::string(name_of(matmul.dtype)) + ", tile " +
         std::to_string(matmul.mr) + " x " + std::to_string(matmul.nr) +
         (matmul.parallel ? ", parallel" : "") + "\n";
  return out + print(matmul.micro.buffers, matmul.micro.kernel);
}

std::string print(const std::vector<Buffer>& buffers, const Sort& sort, std::size_t step) {
  return "sort k" + std::to_string(step) + "  # " + first_line(sort.schedule) + "\n  " +
         buffers[std::size_t(sort.to)].name + " = " + (sort.positions ? "argsort(" : "sort(") +
         buffers[std::size_t(sort.from)].name + "), " + std::string(name_of(sort.dtype)) + ", rows " +
         support::tuple_text(sort.extents) + " of " + std::to_string(sort.length) + "\n";
}

std::string print(const std::vector<Buffer>& buffers, const Native& native, std::size_t step) {
  const auto views = [&](const std::vector<Native::View>& list) {
    std::vector<std::string> texts;
    for (const Native::View& view : list)
      texts.push_back(buffers[std::size_t(view.buffer)].name + " " + support::tuple_text(view.shape));
    return support::join(texts, ", ");
  };
  return "native k" + std::to_string(step) + "  # " + first_line(native.schedule) + "\n  " + views(native.outputs) +
         " = function(" + views(native.inputs) + ") for all " + support::tuple_text(native.extents) + "\n";
}

std::string print(const Program& program, const Buffer& buffer) {
  const std::string plain = std::string(name_of(buffer.dtype)) + "[" + std::to_string(buffer.elements) + "]";
  const auto at = std::size_t(buffer.index);
  switch (buffer.kind) {
    case Buffer::Kind::Input:
      return "in " + buffer.name + ": " + graph::text(program.inputs[at]);
    case Buffer::Kind::Output:
      return "out " + buffer.name + ": " + graph::text(program.outputs[at]);
    case Buffer::Kind::Constant:
      return "constant " + buffer.name + ": " + plain;
    case Buffer::Kind::Temporary:
      return "temporary " + buffer.name + ": " + plain;
    case Buffer::Kind::Local:
      return "local " + buffer.name + ": " + plain;
  }
  return plain;
}

}  // namespace

std::string text(const Program& program) {
  std::string out = "program " + program.name + "\n";
  for (const Buffer& buffer : program.buffers) out += "  " + print(program, buffer) + "\n";
  for (std::size_t k = 0; k < program.parameters.size(); ++k)
    out += "  parameter p" + std::to_string(k) + " = " + std::to_string(program.parameters[k]) + "\n";
  if (!program.empty_reduction.empty()) out += "  error: " + program.empty_reduction + "\n";
  for (std::size_t k = 0; k < program.steps.size(); ++k)
    out += support::match(
        program.steps[k], [&](const Kernel& kernel) { return print(program.buffers, kernel); },
        [&](const auto& other) { return print(program.buffers, other, k); });
  return out;
}

std::string schedule_text(const Program& program) {
  std::string out;
  for (std::size_t k = 0; k < program.steps.size(); ++k) {
    const std::string& why = support::match(
        program.steps[k], [](const auto& one) -> const std::string& { return one.schedule; });
    out += "k" + std::to_string(k) + ": ";
    for (const char c : why) out += c == '\n' ? std::string("\n  ") : std::string(1, c);
    out += "\n";
  }
  return out.empty() ? "nothing to do: the outputs have no elements\n" : out;
}

}  // namespace einx::detail::loops
