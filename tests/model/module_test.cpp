// Modules: what is registered, what is compiled, and what is found before.
#include <doctest/doctest.h>
#include <einx/compiled.h>
#include <einx/einx.h>

#include <cmath>
#include <functional>
#include <string>
#include <thread>

using einx::Child;
using einx::CompileMode;
using einx::Mode;
using einx::Module;
using einx::Parameter;
using einx::Tensor;
using einx::Value;

namespace {

Tensor row(const std::vector<float>& values) {
  return Tensor::copy_of(values, {std::int64_t(values.size())});
}
std::vector<float> numbers(const Tensor& tensor) { return tensor.to_vector<float>(); }

struct Scale : Module {
  Parameter factor;
  static inline int runs = 0;
  explicit Scale(float by, CompileMode mode = Mode::trace)
      : factor(parameter("factor", Tensor::full({1}, by))) {
    entry("forward", &Scale::forward);
    input("x", {einx::f32, {"n"}});
    set_mode(mode);
  }
  Value forward(const Value& x) const {
    ++runs;
    return x * factor();
  }
};

/// Two children of one class; with `shared`, one module under two names.
struct Twice : Module {
  Child<Scale> first, second;
  explicit Twice(const Child<Scale>& one, const Child<Scale>& other)
      : first(child("first", one)), second(child("second", other)) {
    entry("forward", [a = first, b = second](Value x) { return a(x) + b(x); });
    input("x", {einx::f32, {"n"}});
  }
  CompileMode default_mode() const override { return Mode::trace; }
};

/// What raising gives, as "ValueError unsupported-module", and its message.
struct Raised {
  std::string what, message;
};
Raised raised(const std::function<void()>& call) {
  try {
    call();
  } catch (const einx::Error& error) {
    return {std::string(error.class_name()) + " " + std::string(error.kind()), error.what()};
  }
  return {"nothing", ""};
}
bool contains(const std::string& text, std::string_view part) { return text.find(part) != text.npos; }

}  // namespace

TEST_CASE("a module runs uncompiled and compiled; its parameters are read anew by every call") {
  const Scale scale(2);
  CHECK(numbers(scale(row({1, 2, 3}))) == std::vector<float>{2, 4, 6});
  const einx::CompiledModule compiled = einx::compile(scale);
  CHECK(numbers(compiled(row({1, 2, 3}))) == std::vector<float>{2, 4, 6});
  SUBCASE("another tensor") {
    scale.parameter("factor").set(row({3}));
    CHECK(numbers(compiled(row({1, 2, 3}))) == std::vector<float>{3, 6, 9});
  }
  SUBCASE("other data in the same tensor") {
    Tensor data = scale.factor.tensor();
    data.data_as<float>()[0] = 5;
    CHECK(numbers(compiled(row({1, 2, 3}))) == std::vector<float>{5, 10, 15});
  }
  SUBCASE("another shape and dtype") {
    scale.factor.set(Tensor::copy_of<double>({10, 20, 30}, {3}));
    CHECK(compiled(row({1, 2, 3})).to_vector<double>() == std::vector<double>{10, 40, 90});
  }
  SUBCASE("not if they are constants of the compiled code") {
    const einx::CompiledModule folded = einx::compile(scale, {.fold_constants = true});
    CHECK(numbers(folded(row({1, 2, 3}))) == std::vector<float>{2, 4, 6});
  }
}

TEST_CASE("a tensor that the class holds itself is the parameter it was registered as") {
  struct Holds : Module {
    Tensor weight = row({2});
    Holds() {
      parameter("weight", weight);
      entry("forward", &Holds::forward);
      input("x", {{"n"}});
      set_mode(Mode::trace);
    }
    Value forward(const Value& x) const { return x * weight; }
  };
  const Holds holds;
  const einx::CompiledModule compiled = einx::compile(holds);
  CHECK(numbers(compiled(row({1, 2}))) == std::vector<float>{2, 4});
  holds.parameter("weight").set(row({7}));
  CHECK(numbers(compiled(row({1, 2}))) == std::vector<float>{7, 14});
  CHECK(numbers(compiled(row({1, 2, 3}))) ==
        std::vector<float>{7, 14, 21});  // traced again, with the class' tensor
}

TEST_CASE("each instance is traced once for a signature") {
  const Child<Scale> shared = einx::share(Scale(2));
  const auto runs_of = [](const Twice& module) {
    const einx::CompiledModule compiled = einx::compile(module, {.n_trace_checks = 0});
    Scale::runs = 0;
    CHECK(numbers(compiled(row({1, 2}))) == std::vector<float>{4, 8});
    CHECK(numbers(compiled["first"](row({1, 2}))) == std::vector<float>{2, 4});
    CHECK(numbers(compiled["second"](row({1, 2}))) == std::vector<float>{2, 4});
    return Scale::runs;
  };
  CHECK(runs_of(Twice(shared, shared)) == 1);
  CHECK(runs_of(Twice(einx::share(Scale(2)), einx::share(Scale(2)))) == 2);
}

TEST_CASE("copies are modules of their own that share parameters") {
  Scale a(2);
  Scale b = a;
  b.set_mode({Mode::unsupported, "on purpose"});
  CHECK(a.mode() == CompileMode(Mode::trace));
  b.factor.set(row({4}));
  CHECK(numbers(a(row({1}))) == std::vector<float>{4});
  const Module sliced = a;
  CHECK(raised([&] { sliced(row({1})); }).what == "TypeError operand-kind");
}

TEST_CASE("a class has a mode, which an object overrides; overrides of a compilation leave nothing behind") {
  const Twice module(einx::share(Scale(1)), einx::share(Scale(2)));
  CHECK(module.mode().mode == Mode::trace);
  const auto before = [&] {
    return std::tuple(module.mode(), module.children(), module.inputs().size(),
                      module.make_tracing_inputs(1).size());
  };
  const auto state = before();
  CHECK(einx::script(module).mode().mode == Mode::script);
  CHECK(einx::trace(module, {row({1, 2})}).mode().mode == Mode::trace);
  CHECK(einx::compile(module, {.mode = Mode::unset}).mode().mode == Mode::unset);
  CHECK(raised([&] {
          einx::trace(module, {Tensor::ones({2, 2})});
        }).what == "ValueError unsupported-module");  // of another rank
  CHECK((before() == state));
}

TEST_CASE("modules that are left alone run as they are, with compiled children") {
  const Twice module(einx::share(Scale(1)), einx::share(Scale(2)));
  const einx::CompiledModule compiled = einx::compile(module, {.mode = Mode::unset, .n_trace_checks = 0});
  Scale::runs = 0;
  for (int k = 0; k < 3; ++k) CHECK(numbers(compiled(row({1, 2}))) == std::vector<float>{3, 6});
  CHECK(Scale::runs == 2);  // once each; the module itself was called three times
}

TEST_CASE("a child without a mode becomes part of a parent that has one") {
  const Twice module(einx::share(Scale(1, Mode::unset)), einx::share(Scale(2, Mode::unset)));
  CHECK(numbers(einx::compile(module)(row({1, 2}))) == std::vector<float>{3, 6});
}

TEST_CASE("several entries, several results, and entries that call each other") {
  struct Pair : Module {
    Pair() : Module("Pair") {
      entry("both", [](Value x, Value y) { return std::pair(x + y, x * y); });
      entry("forward", &Pair::forward);
      for (const char* name : {"both", "forward"})
        input("x", {einx::f32, {"n"}}, name), input("y", {einx::f32, {"n"}}, name);
      set_mode(Mode::trace);
    }
    Value forward(const Value& x, const Value& y) const {
      const Value operands[] = {x, y};
      const std::vector<Value> both = call_entry("both", operands);
      return both[0] - both[1];
    }
  };
  const einx::CompiledModule compiled = einx::compile(Pair());
  CHECK(numbers(compiled(row({2, 3}), row({4, 5}))) == std::vector<float>{-2, -7});
  const std::vector<Tensor> both = compiled.run("both", {row({2, 3}), row({4, 5})});
  REQUIRE(both.size() == 2);
  CHECK(numbers(both[1]) == std::vector<float>{8, 15});
  CHECK(raised([&] { compiled.run("neither", {}); }).message.find("both, forward") != std::string::npos);
  CHECK(raised([&] { compiled["child"]; }).what == "ValueError bad-parameter");
  CHECK(raised([&] {
          compiled(row({2, 3}), row({4, 5, 6}));
        }).what == "ValueError script-signature");  // n is 2
  CHECK(raised([&] { compiled(row({2, 3})); }).what == "ValueError script-signature");
}

// ---------------------------------------------------------------- found before any work
TEST_CASE("everything that cannot be compiled is listed at once, by path") {
  struct BatchNorm : Module {
    BatchNorm() {
      entry("forward", [](Value x) { return x; });
    }
    CompileMode default_mode() const override {
      return {Mode::unsupported, "its statistics change while it runs"};
    }
  };
  struct Encoder : Module {
    Encoder() {
      child("norm", BatchNorm());
      child("empty", Module("Empty")).pointer();
      entry("forward", [](Value x) { return x; });
      input("x", {{"n"}});
      set_mode(Mode::trace);
    }
  };
  Module model("Model");
  model.child("encoder", Encoder());
  Module silent("Silent");
  silent.entry("forward", [](Value x) { return x; });
  silent.set_mode(Mode::trace);
  model.child("silent", silent);
  Module bare("Bare");
  bare.set_mode(Mode::script);
  model.child("bare", bare);
  const Raised found = raised([&] { einx::compile(model); });
  CHECK(found.what == "ValueError unsupported-module");
  CHECK(contains(found.message,
                 "model.encoder.norm (BatchNorm): unsupported: its statistics change while it runs"));
  CHECK(contains(found.message, "model.silent (Silent): forward: has no inputs to be traced with"));
  CHECK(contains(found.message, "model.bare (Bare): has the mode script, but no entry"));
  CHECK_FALSE(contains(found.message, "model.encoder (Encoder)"));
  CHECK_FALSE(contains(found.message, "model.encoder.empty"));
}

TEST_CASE("a module that is its own descendant is found") {
  const auto a = std::make_shared<Module>("A"), b = std::make_shared<Module>("B");
  a->child("b", b);
  b->child("a", a);
  const Raised found = raised([&] { einx::compile(a); });
  CHECK(found.what == "ValueError unsupported-module");
  CHECK(contains(found.message, "model.b.a (A): is model itself, whose child it is: a cycle"));
  CHECK(raised([&] { a->run("forward", {}); }).what == "ValueError unsupported-module");
  CHECK(a->all_parameters().empty());
  b->child("end", std::make_shared<Module>());  // the pointers go in a circle: nothing else frees them
  *b = Module();
}

TEST_CASE("names are checked where they are registered") {
  const auto registers = [](const std::function<void(Module&)>& change) {
    return raised([&] {
      Module module("M");
      module.parameter("a", row({1}));
      module.entry("forward", [](Value x) { return x; });
      change(module);
    });
  };
  const std::function<void(Module&)> wrong[] = {
      [](Module& m) { m.parameter("a", row({1})); },
      [](Module& m) { m.child("a", Module()); },
      [](Module& m) { m.buffer("1a", row({1})); },
      [](Module& m) { m.child("x.y", Module()); },
      [](Module& m) { m.child("c", Child<Module>()); },
      [](Module& m) { m.entry("forward", [](Value x) { return x; }); },
      [](Module& m) {
        m.input("x", {{"...", "..."}});
      },
      [](Module& m) { m.input("x", {{"a b"}}); },
      [](Module& m) { m.input("x", {{2}}), m.input("x", {{2}}); },
      [](Module& m) { m.parameter("none"); },
      [](Module& m) { m.child("none"); },
      [](Module& m) { m.parameter("p", Parameter()); }};
  for (const auto& change : wrong) CHECK(registers(change).what == "ValueError bad-parameter");
  CHECK(registers([](Module& m) { m.parameter("b", Tensor()); }).what == "TypeError operand-kind");
  CHECK(registers([](Module& m) { m.input("x", {{2}}), m.input("y", {{2}}), einx::compile(m); }).what ==
        "ValueError unsupported-module");
}

TEST_CASE("parameters by path, shared ones once") {
  const Child<Scale> shared = einx::share(Scale(2));
  Module model("Model");
  model.child("a", shared);
  model.child("b", shared);
  model.parameter("tied", shared->factor);
  model.buffer("count", row({0}));
  std::string names;
  for (const Module::Named& each : model.all_parameters())
    names += each.path + (each.buffer ? " (buffer) " : " ");
  CHECK(names == "tied count (buffer) ");
  CHECK(model.parameter("b.factor").slot() == shared->factor.slot());
}

// ---------------------------------------------------------------- tracing inputs
namespace {

/// e3nn's ToS2Grid: (lmax + 1)^2 features, of which its inputs have lmax^2.
struct Grid : Module {
  int lmax;
  explicit Grid(int l, std::int64_t features) : lmax(l), features_(features) {
    parameter("matrix", Tensor::ones({(l + 1) * (l + 1), 4}));
    entry("forward", &Grid::forward);
    input("x", {einx::f32, {"batch", (l + 1) * (l + 1)}});
    set_mode(Mode::trace);
  }
  std::vector<einx::TracingInputs> make_tracing_inputs(int n) const override {
    return std::vector<einx::TracingInputs>(std::size_t(n), {{"forward", {Tensor::ones({3, features_})}}});
  }
  Value forward(const Value& x) const {
    const Value broadcast =
        x + einx::constant(Tensor::zeros({(lmax + 1) * (lmax + 1)}));  // a size of 1 would do
    return einx::dot("z [i], [i] b -> z b", broadcast, parameter("matrix")());
  }

 private:
  std::int64_t features_;
};

}  // namespace

TEST_CASE("tracing inputs of a wrong size are found, also where a broadcast would take them") {
  CHECK(einx::compile(Grid(2, 9))(Tensor::ones({5, 9})).shape()[1] == 4);
  for (const auto& [lmax, features] : {std::pair(2, 4), std::pair(1, 1)}) {
    const Raised found = raised([&] { einx::compile(Grid(lmax, features)); });
    CHECK(found.what == "ValueError unsupported-module");
    CHECK(contains(found.message,
                   "model (Grid): forward: its tracing inputs (1) do not run: Parameter 'x' of forward is "
                   "declared as f32[batch, "));
  }
}

TEST_CASE("a trace that does something else the next time is found") {
  struct Moody : Module {
    mutable std::shared_ptr<int> calls = std::make_shared<int>(0);
    Moody() {
      entry("forward", &Moody::forward);
      input("x", {{"n"}});
      set_mode(Mode::trace);
    }
    Value forward(const Value& x) const { return ++*calls % 2 ? x + 1 : x * 2; }
  };
  const Raised found = raised([&] { einx::compile(Moody()); });
  CHECK(found.what == "ValueError unsupported-module");
  CHECK(contains(found.message, "model (Moody): forward: "));
  CHECK(contains(found.message, "different"));
  CHECK(contains(found.message, "+ 1"));
  CHECK(contains(found.message, "* 2"));
}

TEST_CASE("results that are not those of the uncompiled module are found, with the first difference") {
  struct Drifts : Module {
    std::shared_ptr<int> calls = std::make_shared<int>(0);
    Drifts() {
      entry("forward", &Drifts::forward);
      input("x", {einx::f32, {20}});
      set_mode(Mode::trace);
    }
    Value forward(const Value& x) const {
      return x * Tensor::full({20}, ++*calls);
    }  // written down, it looks the same
  };
  const Raised found = raised([&] { einx::compile(Drifts()); });
  CHECK(found.what == "ValueError unsupported-module");
  CHECK(
      contains(found.message,
               "the compiled module differs from the uncompiled one (inputs 1): result 1: element (0,) is "));
}

TEST_CASE("inputs that are given are for this compilation only, and are looked at") {
  Module silent("Silent");
  silent.entry("forward", [](Value x, Value y) { return x * y; });
  silent.entry("other", [](Value x) { return x; });
  CHECK(numbers(einx::trace(silent, {row({1, 2}), row({3, 4})})(row({5}), row({6}))) ==
        std::vector<float>{30});
  CHECK(einx::trace_module(silent, {{"forward", {row({1}), row({2})}}, {"other", {row({1})}}})
            .run("other", {row({8})})[0]
            .size() == 1);
  const auto refused = [&](const einx::TracingInputs& inputs) {
    return raised([&] { einx::trace_module(silent, inputs); });
  };
  CHECK(
      contains(refused({{"forward", {row({1})}}}).message, "takes 2 operands, but its tracing inputs are 1"));
  CHECK(contains(refused({{"forwards", {row({1})}}}).message, "there is no such entry"));
  CHECK(contains(refused({{"forward", {row({1}), Tensor()}}}).message,
                 "operand #2 of its tracing inputs is undefined"));
  CHECK(contains(refused({{"forward", {row({1, 2}), row({1, 2, 3})}}}).message, "do not run"));
  CHECK(raised([&] { einx::compile(silent, {.mode = Mode::trace}); }).what ==
        "ValueError unsupported-module");
}

TEST_CASE("warnings of the tracer can be made errors") {
  struct Looks : Module {
    Parameter weight;
    bool data;
    explicit Looks(bool at_data) : weight(parameter("weight", row({2}))), data(at_data) {
      entry("forward", &Looks::forward);
      input("x", {{"n"}});
      set_mode(Mode::trace);
    }
    Value forward(const Value& x) const {
      if (data) return x * weight.tensor().item<float>({0});
      return x.shape()[0] > 4 ? x + 1 : x;
    }
  };
  for (const bool data : {false, true}) {
    CHECK_NOTHROW(einx::compile(Looks(data)));
    const Raised found = raised([&] { einx::compile(Looks(data), {.error_on_warnings = true}); });
    CHECK(found.what == "ValueError unsupported-module");
    CHECK(contains(found.message, data ? "the data of the parameter 'weight' was looked at" : "axis 0"));
    Module parent("Parent");  // which does not look itself
    const auto below = parent.child("below", Looks(data));
    parent.entry("forward", [below](Value x) { return below(x); });
    const Raised through = raised([&] { einx::trace(parent, {row({1, 2})}, {.error_on_warnings = true}); });
    CHECK(contains(through.message, "model.below (Looks): forward: "));
  }
}

TEST_CASE("what was looked at is looked at again for other sizes: nothing stale runs") {
  struct Looks : Module {
    Looks() {
      entry("forward", [](Value x) { return x.shape()[0] > 4 ? x + 1 : x; });
      set_mode(Mode::trace);
    }
  };
  const einx::CompiledModule compiled = einx::trace(Looks(), {row({1, 2})});
  CHECK(numbers(compiled(row({1, 2, 3}))) == std::vector<float>{1, 2, 3});
  CHECK(numbers(compiled(row({1, 2, 3, 4, 5}))) == std::vector<float>{2, 3, 4, 5, 6});
  CHECK(numbers(compiled(row({1, 2, 3}))) == std::vector<float>{1, 2, 3});
}

TEST_CASE("guards say what traced code has assumed, and explain what a call would break") {
  Module looks("Looks");
  const Parameter offset = looks.parameter("offset", row({1}));
  looks.entry("forward", [offset](Value x) { return x.shape()[0] > 4 ? x + offset() : x; });
  const einx::CompiledModule compiled = einx::trace(looks, {row({1, 2, 3, 4, 5})});
  const std::string guards = compiled.guards().text();
  CHECK(contains(guards, "forward(f32[5])"));
  CHECK(contains(guards, "axis 0 of operand #1 is 5, which the code has read"));
  CHECK(contains(guards, "the parameter offset is read anew by every call"));
  CHECK(compiled.explain(row({1, 2, 3, 4, 5})).what == einx::Explanation::What::Hit);
  CHECK_FALSE(compiled.explain(row({1, 2})).broken.empty());
  const einx::CompiledModule folded = einx::compile(Scale(2), {.fold_constants = true});
  CHECK(contains(folded.guards().text(), "the parameter factor is a constant of the compiled code"));
  CHECK(folded.explain(Tensor::ones({2, 2})).what == einx::Explanation::What::Raises);
}

// ---------------------------------------------------------------- assert_compilable
TEST_CASE("assert_compilable passes modules of any kind, deterministically, and returns them compiled") {
  struct Relu : Module {
    Relu() {
      entry("forward", [](Value x) { return maximum(x, 0.0); });
      input("x", {einx::f32, {"..."}});
      set_mode(Mode::trace);
    }
  };
  for (int k = 0; k < 2; ++k) {
    CHECK(numbers(einx::assert_compilable(Relu())(row({-1, 1}))) ==
          std::vector<float>{0, 1});  // element-wise: no axis is static
    CHECK_NOTHROW(einx::assert_compilable(Scale(2)));
    CHECK_NOTHROW(einx::assert_compilable(Grid(2, 9)));
    CHECK(raised([] { einx::assert_compilable(Grid(1, 1)); }).what == "ValueError unsupported-module");
  }
}

TEST_CASE("compiled modules and parameters from several threads") {
  const Scale scale(1);
  const einx::CompiledModule compiled = einx::compile(scale);
  std::vector<std::thread> threads;
  std::atomic<int> wrong = 0;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int k = 0; k < 50; ++k) {
        if (t == 0) scale.factor.set(row({float(1 + k % 2)}));
        const Tensor result = compiled(Tensor::ones({std::int64_t(1 + k % 3)}));
        const float value = result.item<float>({0});
        if (value != 1 && value != 2) ++wrong;
      }
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
}

// ---------------------------------------------------------------- scripts
namespace {

/// A script of a module "Model" with a child "scale", compiled.
einx::CompiledModule scripted(const std::string& text) {
  Module model("Model");
  model.child("scale", Scale(2));
  model.parameter("offset", row({10}));
  model.script(text);
  model.entry("twice", [](Value x) { return x * 2; });
  model.set_mode(Mode::script);
  return einx::compile(model);
}

}  // namespace

TEST_CASE("scripts call children, other entries and C++, and read parameters") {
  const einx::CompiledModule compiled = scripted(R"(
def forward(x: f32[n]):
    if any(x > 3):
        return self.scale(x) + self.offset
    return self.later(self.twice(x))

def later(x):
    return x + self.scale.factor
)");
  CHECK(numbers(compiled(row({1, 4}))) == std::vector<float>{12, 18});
  CHECK(numbers(compiled(row({1, 2}))) == std::vector<float>{4, 6});
  CHECK(numbers(compiled.run("later", {row({5})})[0]) == std::vector<float>{7});
  compiled.module().parameter("offset").set(row({100}));
  CHECK(numbers(compiled(row({1, 4}))) == std::vector<float>{102, 108});
  CHECK(raised([&] { compiled(Tensor::ones({2, 2})); }).what == "ValueError script-signature");
  CHECK(contains(compiled.text(), "def later"));
  CHECK_FALSE(compiled.text("forward", std::vector<einx::Spec>{{einx::f32, {2}}}).empty());
}

TEST_CASE("scripts that cannot be read, or name what is not there, are listed with their place") {
  struct Row {
    const char *text, *part;
  };
  const Row rows[] = {
      {"def forward(x)\n    return x\n", "model (Model): its script: line 1, column"},
      {"def forward(x):\n    return self.scales(x)\n", "line 2, column 12"},
      {"def forward(x):\n    return x + self.offsets\n", "line 2, column"},
      {"def twice(x):\n    return x\n", "has two entries 'twice'"},
      {"def forward(x):\n    return self.scale.backward(x)\n", "line 2, column 12"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const Raised found = raised([&] { scripted(row.text); });
    CHECK(found.what == "ValueError unsupported-module");
    CHECK(contains(found.message, row.part));
  }
}

TEST_CASE("a failure while a script runs names its line") {
  const einx::CompiledModule compiled =
      scripted("def forward(x):\n    y = self.scale(x)\n    return einsum(\"ab->a\", y)\n");
  const Raised found = raised([&] { compiled(row({1, 2})); });
  CHECK(contains(found.message, "einsum(\"ab->a\", y)"));
}

TEST_CASE("a script that is not declared is called from traced code with the types that its examples give") {
  struct Over : Module {
    Child<Module> first;
    Over() : Module("Over") {
      Module rows("Rows");
      rows.script(
          "def forward(x):\n    for row in x:\n        if any(row > 0):\n            return row\n    return "
          "x\n");
      rows.set_mode(Mode::script);
      first = child("first", rows);
      entry("forward", [f = first](Value x) { return f(f(x)) * 2; });
      set_mode(Mode::trace);
    }
  };
  const einx::CompiledModule compiled = einx::trace(Over(), {Tensor::zeros({2, 2, 3})});
  CHECK(compiled(Tensor::zeros({2, 2, 3})).rank() == 3);
  CHECK(compiled(Tensor::ones({2, 2, 3})).rank() == 1);
  CHECK(compiled(Tensor::ones({4, 5, 6})).shape()[0] == 6);
}
