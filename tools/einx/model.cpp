#include "model.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "graph/read.h"
#include "script/script.h"
#include "support/support.h"

namespace einx_command {
namespace {

namespace fs = std::filesystem;
namespace graph = einx::detail::graph;
namespace support = einx::detail::support;

[[noreturn]] void bad_file(const std::string& path, const std::string& what) {
  support::raise<einx::ValueError>({.kind = "bad-file", .sentence = path + ": " + what});
}

std::string read_text(const std::string& path) {
  if (fs::is_directory(path)) bad_file(path, "the file cannot be read, since it is a folder.");
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (!file.is_open() || file.bad()) bad_file(path, "the file cannot be read.");
  return text;
}

bool is_json(const std::string& path) { return fs::path(path).extension() == ".json"; }

/// model.einx and c0: model.c0.npy
fs::path data_path(const std::string& model, const std::string& name) {
  return fs::path(model).replace_extension(name + ".npy");
}

graph::DataSource data_beside(const std::string& path) {
  return [path](const std::string& name) -> std::optional<einx::Tensor> {
    for (const fs::path& file : {data_path(path, name), fs::path(path).parent_path() / name})
      if (fs::is_regular_file(file)) return einx::load_npy(file.string());
    return std::nullopt;
  };
}

std::vector<graph::Graph> parse_file(const std::string& path) {
  const std::string text = read_text(path);
  if (is_json(path)) return {graph::from_json(text, data_beside(path))};
  return graph::parse_all(text, data_beside(path));
}

/// All files model.NAME.npy beside model.einx.
einx::Script::Data all_data_beside(const std::string& path) {
  einx::Script::Data data;
  const fs::path model(path), folder = model.has_parent_path() ? model.parent_path() : fs::path(".");
  const std::string first = model.stem().string() + ".", last = ".npy";
  for (const fs::directory_entry& file : fs::directory_iterator(folder)) {
    const std::string name = file.path().filename().string();
    if (!name.starts_with(first) || !name.ends_with(last) || name.size() <= first.size() + last.size()) continue;
    data.emplace_back(name.substr(first.size(), name.size() - first.size() - last.size()), einx::load_npy(file.path().string()));
  }
  std::ranges::sort(data, {}, &std::pair<std::string, einx::Tensor>::first);
  return data;
}

/// Does `work`; mistakes in the text say which file it is.
template <class Work>
auto in_file(const std::string& path, const Work& work) {
  try {
    return work();
  } catch (const einx::SyntaxError& error) {
    throw einx::SyntaxError({path + ": " + error.what(), std::string(error.kind()), std::string(error.pattern()),
                             {error.carets().begin(), error.carets().end()}, std::string(error.operands())});
  }
}

/// What is no graph may be a script: its functions, or none.
std::vector<std::string> functions_of_script(const std::string& text) {
  std::vector<std::string> names;
  try {
    for (const auto& [name, function] : einx::detail::script::parse(text).functions) names.push_back(name);
  } catch (const einx::SyntaxError&) {
    names.clear();
  }
  return names;
}

}  // namespace

std::optional<einx::Script> read_script(const std::string& path) {
  if (is_json(path)) return std::nullopt;
  const std::string text = read_text(path);
  try {
    graph::parse_all(text, data_beside(path));
    return std::nullopt;
  } catch (const einx::SyntaxError&) {
    return in_file(path, [&] { return einx::Script::parse(text, all_data_beside(path)); });
  }
}

std::vector<graph::Graph> read_model(const std::string& path) {
  try {
    return in_file(path, [&] { return parse_file(path); });
  } catch (const einx::SyntaxError&) {
    const std::vector<std::string> names = is_json(path) ? std::vector<std::string>{} : functions_of_script(read_text(path));
    if (names.empty()) throw;
    throw UsageError(path + " is a script (" + support::join(names, ", ") + "): its shapes are known when it is called, so einx run runs it, and nothing else can be done with it here");
  }
}

std::vector<graph::Graph> chosen_functions(const Arguments& arguments) {
  std::vector<graph::Graph> functions = read_model(arguments.words.at(0)), chosen;
  const std::vector<std::string> wanted = arguments.values("--function");
  if (wanted.empty()) return functions;
  for (const std::string& name : wanted) {
    const auto found = std::find_if(functions.begin(), functions.end(), [&](const graph::Graph& each) { return each.name == name; });
    std::vector<std::string> names;
    for (const graph::Graph& each : functions) names.push_back(each.name);
    if (found == functions.end()) throw UsageError(arguments.words[0] + " has no function " + name + ", only " + support::join(names, ", "));
    chosen.push_back(*found);
  }
  return chosen;
}

void write_text(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text << std::flush;
  if (!file) bad_file(path, "the file cannot be written.");
}

void write_model(const std::string& path, const std::vector<graph::Graph>& functions) {
  if (is_json(path) && functions.size() != 1) throw UsageError("a .json file has one function: --function says which");
  std::vector<std::string> texts;
  std::set<std::string> data;
  for (const graph::Graph& function : functions) {
    texts.push_back(is_json(path) ? graph::json(function) : graph::text(function));
    for (const auto& [name, tensor] : graph::data_beside(function)) {
      if (!data.insert(name).second) throw UsageError("two functions have large constants called " + name + ": --function says which to write");
      einx::save_npy(data_path(path, name).string(), tensor);
    }
  }
  write_text(path, support::join(texts, "\n"));
}

std::string signature(const graph::Graph& graph) {
  const std::string text = graph::text(graph);  // "def f(...) -> ...:"
  const std::string first = text.substr(0, text.find('\n'));
  return first.substr(4, first.size() - 5);
}

}  // namespace einx_command
