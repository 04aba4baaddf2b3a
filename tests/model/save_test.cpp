// Programs as files: what is read back is what was written; what is damaged is refused, whatever is damaged.
#include <doctest/doctest.h>
#include <einx/compiled.h>

#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "model/model.h"
#include "model/save.h"

using namespace einx;
using namespace einx::detail;

namespace {

namespace fs = std::filesystem;
using script::Body;
using script::Statement;

/// A statement of every kind, with every kind of argument, size, integer and literal.
script::Function everything() {
  script::Function f;
  f.name = "forward";
  f.variables = {"x", "b", "y", "n", "row", "hit", "k", "w"};
  f.parameters = {{0, {f32, std::vector<script::Dim>{{script::Dim::Kind::Name, 0, "b"}, {script::Dim::Kind::Size, 3, ""}}, {}}, {1, 5}}};
  f.sizes = {1};
  const auto at = [](int line, auto node) { return Statement{{line, 3}, std::move(node)}; };
  script::Call repeat;
  repeat.results = {2}, repeat.op = "id", repeat.pattern = "b c -> b c n", repeat.arguments = {0}, repeat.sizes = {{"n", script::Integer(3)}};
  script::Call roll;
  roll.results = {2}, roll.op = "roll", roll.pattern = "b [c] n", roll.arguments = {2}, roll.attributes = {{"shift", {1}}};
  script::Call greater;
  greater.results = {5}, greater.op = "greater", greater.arguments = {4, script::Number(0.25)};
  script::Call any;
  any.results = {5}, any.op = "any", any.arguments = {5};
  script::Call add;
  add.results = {6}, add.op = "add", add.arguments = {6, script::Number(std::int64_t(1))};
  script::Call times;
  times.results = {2}, times.op = "multiply", times.pattern = "b c n, c -> b c n", times.arguments = {2, 7};
  using Kind = script::Arrange::Kind;
  f.body = {
      at(1, script::Parameter{7, "w"}),
      at(2, script::Arrange{Kind::Size, 3, {0}, {script::Integer(std::int64_t(1))}}),
      at(3, repeat),
      at(4, roll),
      at(5, times),
      at(6, script::Arrange{Kind::Copy, 6, {script::Number(std::int64_t(0))}, {}}),
      at(7, script::While{{at(8, script::Call{{5}, "less", {}, {6, script::Number(std::int64_t(2))}})}, 5, {at(9, add)}}),
      at(10, script::For{4, 0, false, {at(11, greater), at(12, any), at(13, script::If{5, {at(14, script::Return{{4}})}, {at(15, script::Continue{})}})}}),
      at(16, script::For{4, script::Number(std::int64_t(2)), true, {at(17, script::Break{})}}),
      at(18, script::Constant{5, Tensor::iota({2, 2})}),
      at(19, script::Assume{0, 1, 3}),
      at(20, script::Arrange{Kind::Slice, 2, {2}, {script::Integer(std::int64_t(2)), std::nullopt, script::Integer(std::int64_t(-1))}}),
      at(21, script::Invoke{{2}, "half", {2}}),
      at(22, script::Return{{2}}),
  };
  return f;
}

script::Function half() {
  script::Function f;
  f.name = "half";
  f.variables = {"x"};
  f.parameters = {{0, {}, {}}};
  f.body = {{{}, script::Assume{0, -1, 3}}, {{}, script::Call{{0}, "multiply", {}, {0, script::Number(0.5)}}}, {{}, script::Return{{0}}}};
  return f;
}

model::SavedProgram sample() {
  model::SavedProgram saved;
  saved.program.functions = {{"forward", std::make_shared<const script::Function>(everything())}, {"half", script::Traceable()}};
  saved.program.tensors = {{"w", Tensor::iota({3})}};
  saved.traces = {{"half", {detail::graph::make_type(f32, {2, 3, 2})}, std::make_shared<const script::Function>(half())}};
  saved.entries = {"forward", "half"};
  saved.optimize.scalars = false;
  saved.guards = "half: x has 3 axes";
  return saved;
}

std::string message_of(const std::string& bytes) {
  try {
    model::decode(bytes, "model.einxc");
  } catch (const ValueError& error) {
    CHECK(error.kind() == "bad-file");
    CHECK(std::string(error.what()).find("\"model.einxc\"") != std::string::npos);
    return error.what();
  }
  return "";
}

/// With a checksum that is right: somebody has made the file.
std::string signed_again(std::string bytes) {
  constexpr std::size_t kHeader = 40, kChecksum = 24;
  XXH3_state_t state;
  XXH3_128bits_reset(&state);
  XXH3_128bits_update(&state, bytes.data(), kChecksum);
  XXH3_128bits_update(&state, bytes.data() + kHeader, bytes.size() - kHeader);
  const XXH128_hash_t hash = XXH3_128bits_digest(&state);
  std::memcpy(bytes.data() + kChecksum, &hash.low64, 8);
  std::memcpy(bytes.data() + kChecksum + 8, &hash.high64, 8);
  return bytes;
}

struct Folder {
  Folder() {
    std::string name = (fs::temp_directory_path() / "einx-save-XXXXXX").string();
    path = mkdtemp(name.data());
  }
  ~Folder() { fs::remove_all(path); }
  std::string operator/(const char* name) const { return (path / name).string(); }
  fs::path path;
};

std::string text_of(const Tensor& tensor) { return tensor.to_string(); }

}  // namespace

TEST_CASE("what is read is what was written") {
  const std::string bytes = model::encode(sample());
  const model::SavedProgram again = model::decode(bytes, "model.einxc");
  CHECK(model::encode(again) == bytes);
  CHECK(again.entries == std::vector<std::string>{"forward", "half"});
  CHECK_FALSE(again.optimize.scalars);
  CHECK(again.guards == "half: x has 3 axes");
  CHECK(script::text(*std::get<script::FunctionPtr>(again.program.functions[0].second)) == script::text(everything()));

  const script::Program program = model::runnable(again), before = model::runnable(sample());
  for (const Tensor& x : {Tensor::zeros({2, 3}), Tensor::iota({2, 3})})
    CHECK(text_of(model::interpret(program, "forward", {{x}})[0]) == text_of(model::interpret(before, "forward", {{x}})[0]));
}

TEST_CASE("every byte of the header and a thousand others") {
  const std::string bytes = model::encode(sample());
  const unsigned seed = std::random_device()();
  MESSAGE("seed " << seed);
  std::mt19937 random(seed);
  const auto flipped = [&](std::size_t at) {
    std::string other = bytes;
    other[at] = char(other[at] ^ (1 << random() % 8));
    return other;
  };
  for (std::size_t at = 0; at < 40; ++at) CHECK_FALSE(message_of(flipped(at)).empty());
  for (int k = 0; k < 1000; ++k) CHECK_FALSE(message_of(flipped(random() % bytes.size())).empty());
  for (std::size_t size = 0; size < bytes.size(); ++size) CHECK_FALSE(message_of(bytes.substr(0, size)).empty());
  CHECK(message_of(bytes + "x").find("damaged") != std::string::npos);
}

TEST_CASE("files that say why they are refused") {
  const std::string bytes = model::encode(sample());
  std::string newer = bytes;
  newer[8] = 7;
  CHECK(message_of("").find("no file of einx::save") != std::string::npos);
  CHECK(message_of("\x93NUMPY and so on, longer than a header has to be ......").find("no file of einx::save") != std::string::npos);
  CHECK(message_of(signed_again(newer)).find("format is 7") != std::string::npos);
  CHECK(message_of(newer).find("damaged") != std::string::npos);
}

TEST_CASE("bytes that somebody has made: refused, or a program that keeps the rules") {
  const std::string bytes = model::encode(sample());
  const unsigned seed = std::random_device()();
  MESSAGE("seed " << seed);
  std::mt19937 random(seed);
  int refused = 0;
  for (int k = 0; k < 4000; ++k) {
    std::string other = bytes;
    for (int changes = 1 + int(random() % 3); changes > 0; --changes) other[40 + random() % (bytes.size() - 40)] = char(random());
    try {
      const model::SavedProgram made = model::decode(signed_again(other), "model.einxc");
      if (const auto rule = script::verify(made.program)) FAIL_CHECK(*rule);
    } catch (const ValueError& error) {
      ++refused;
      CHECK(error.kind() == "bad-file");
    }
  }
  CHECK(refused > 1000);
}

TEST_CASE("files: written whole or not at all, loaded, run") {
  const Folder folder;
  const std::string path = folder / "model.einxc";
  save_program(path, sample());
  save_program(path, sample());  // over the old one
  CHECK(std::distance(fs::directory_iterator(folder.path), {}) == 1);
  const Saved saved = load(path);
  CHECK(saved.entries().size() == 2);
  CHECK(saved.guards() == "half: x has 3 axes");
  CHECK(saved(Tensor::zeros({2, 3})).shape().size() == 3);
  CHECK(saved(Tensor::ones({2, 3})).to_string() == "f32[3] [1, 1, 1]");
  CHECK(saved.run("half", {Tensor::ones({2, 3, 2})})[0].shape().size() == 3);
  CHECK(saved.run("half", {Tensor::ones({5, 7, 1})})[0].shape()[0] == 5);  // nothing was assumed of the sizes

  const auto kind_of = [](const auto& work) {
    try {
      work();
    } catch (const Error& error) {
      return std::string(error.class_name()) + " " + std::string(error.kind());
    }
    return std::string("no error");
  };
  CHECK(kind_of([&] { saved.run("half", {Tensor::ones({2})}); }) == "ValueError script-signature");
  CHECK(kind_of([&] { saved.run("quarter", {Tensor::ones({2})}); }) == "ValueError bad-parameter");
  CHECK(kind_of([&] { saved(Tensor::ones({2, 4})); }) == "ValueError script-signature");
  CHECK(kind_of([&] { load(folder / "nothing.einxc"); }) == "ValueError bad-file");
  CHECK(kind_of([&] { load(folder.path.string()); }) == "ValueError bad-file");
  CHECK(kind_of([&] { save_program(folder / "no/where.einxc", sample()); }) == "ValueError bad-file");
  CHECK(std::distance(fs::directory_iterator(folder.path), {}) == 1);
}

// ---------------------------------------------------------------- modules
namespace {

/// e3nn's story the other way round: traced C++ over a script whose result's rank depends on what it is given.
struct FirstRow : Module {
  FirstRow() { script("def forward(x: f32[n, 3]):\n    for row in x:\n        if any(row > 0.1):\n            return row * self.weight\n    return x\n"); parameter("weight", Tensor::full({1}, 2)); }
  CompileMode default_mode() const override { return Mode::script; }
};
struct PlusThree : Module {
  Child<FirstRow> first;
  PlusThree() : first(child("first", FirstRow())) {
    entry("forward", [child = first](Value x) { return child(x) + 3; });
    input("x", {f32, {"n", 3}});
  }
  CompileMode default_mode() const override { return Mode::trace; }
};

/// What a command prints.
std::string output_of(const std::string& command) {
  std::string out;
  FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) out += char(c);
  pclose(pipe);
  return out;
}

}  // namespace

TEST_CASE("a function of C++: other sizes replay what was recorded, other ranks have no code") {
  const Folder folder;
  const Tensor weight = Tensor::iota({3});
  const auto f = jit([weight](Value x) { return sum("b [c]", x * weight) / einx::size(x, 0); });
  f(Tensor::ones({2, 3}));
  save(folder / "f.einxc", f);
  const Saved saved = load(folder / "f.einxc");
  CHECK(saved.guards().find("f32[2, 3]") != std::string::npos);
  for (const Shape& shape : {Shape{2, 3}, Shape{5, 3}, Shape{0, 3}}) CHECK(saved(Tensor::ones(shape)).to_string() == f(Tensor::ones(shape)).to_string());
  CHECK_THROWS_AS(saved(Tensor::ones({2, 4})), Error);

  const auto looks = jit([](Value x) { return x.shape()[0] > 2 ? x * 2 : x; });
  looks(Tensor::ones({4}));
  save(folder / "looks.einxc", looks);
  CHECK(load(folder / "looks.einxc")(Tensor::ones({4})).to_string() == "f32[4] [2, 2, 2, 2]");
  CHECK_THROWS_AS(load(folder / "looks.einxc")(Tensor::ones({1})), ValueError);  // never what was recorded for another size
}

TEST_CASE("a compiled module, loaded here and in other processes, by any CPU level and the interpreter") {
  const Folder folder;
  const std::string path = folder / "model.einxc";
  const CompiledModule compiled = compile(PlusThree());
  save(path, compiled);
  const Saved saved = load(path);
  CHECK(saved.entries().front() == "forward");
  save_npy(folder / "zeros.npy", Tensor::zeros({2, 3}));
  save_npy(folder / "iota.npy", Tensor::iota({7, 3}));
  save_npy(folder / "wrong.npy", Tensor::iota({7, 4}));
  for (const auto& [name, x] : {std::pair{"zeros.npy", Tensor::zeros({2, 3})}, std::pair{"iota.npy", Tensor::iota({7, 3})}}) {
    const std::string expected = compiled(x).to_string();
    CHECK(saved(x).to_string() == expected);
    for (const char* setting : {"EINX_JIT=1", "EINX_JIT=0", "EINX_CPU=x86-64", "EINX_CPU=x86-64-v2", "EINX_CPU=x86-64-v3"})
      CHECK(output_of("EINX_CACHE_DIR= " + std::string(setting) + " " EINX_COMMAND " run " + path + " " + (folder / name)) == expected + "\n");
  }
  CHECK(output_of(EINX_COMMAND " run " + path + " " + (folder / "wrong.npy")).find("ValueError") != std::string::npos);
  CHECK(output_of(EINX_COMMAND " run " + path + " " + (folder / "iota.npy") + " --function backward").find("It has: forward") != std::string::npos);
  std::ofstream(path, std::ios::in | std::ios::out).seekp(100) << "?";
  CHECK(output_of(EINX_COMMAND " run " + path + " " + (folder / "iota.npy")).find("damaged") != std::string::npos);
}
