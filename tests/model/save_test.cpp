// Programs as files: what is read back is what was written; what is damaged is refused, whatever is damaged.
#include <doctest/doctest.h>

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
