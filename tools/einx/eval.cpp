// einx eval: one JSON case a line in, one JSON result a line out, in order, whatever happens.
#include <iostream>

#include "arguments.h"
#include "commands.h"
#include "eval_case.h"
#include "support/support.h"

namespace einx_command {
namespace {

constexpr const char* kHelp = R"help(einx eval

Reads one JSON case a line on standard input and writes one JSON result a line on standard output, in order, each at once.
  {"id": "1", "op": "sum", "pattern": "a [b]", "inputs": [{"shape": [1, 2], "dtype": "float32", "data": [1, 2]}], "kwargs": {}}
  {"id":"1","outputs":[{"shape":[1],"dtype":"float32","data":[3.0]}],"via":"jit"}
A failing case is answered by {"id", "error": {"class", "kind", "message", "carets"}}. Inputs may also be {"scalar": "int"|"float"|"bool",
"value"}, {"factory": {"iota_mod", "dtype"}} or, for solve_axes and solve_shapes, {"none": true}. "via" is jit, or reference with EINX_JIT=0.
)help";

Json error_result(const einx::Error& error) {
  const std::vector<int> carets(error.carets().begin(), error.carets().end());
  return {{"error",
           {{"class", error.class_name()},
            {"kind", error.kind()},
            {"message", error.what()},
            {"carets", carets}}}};
}

/// The value of "id" in a line that is not JSON: its sender can tell then which one that was.
Json guess_id(const std::string& line) {
  const std::size_t key = line.find("\"id\"");
  if (key == std::string::npos) return nullptr;
  const std::size_t begin = line.find_first_not_of(" \t", line.find_first_not_of(" \t", key + 4) + 1);
  if (begin == std::string::npos || line.find(':', key) >= begin) return nullptr;
  const std::size_t end =
      line[begin] == '"' ? line.find('"', begin + 1) + 1 : line.find_first_of(",} \t", begin);
  if (end == 0 || end == std::string::npos) return nullptr;
  const Json id =
      Json::parse(line.begin() + std::ptrdiff_t(begin), line.begin() + std::ptrdiff_t(end), nullptr, false);
  return id.is_primitive() ? id : Json();
}

/// Errors of any origin as those of the library: a JSON value of the wrong kind is a wrong value, no memory
/// is a failure while running.
Json evaluated(const Json& a_case) {
  try {
    try {
      if (!a_case.is_object()) bad_case("the line is not a JSON object");
      return evaluate(a_case);
    } catch (const Json::exception& error) {
      bad_case(error.what());
    } catch (const std::bad_alloc&) {
      einx::detail::support::raise<einx::CallOperationError>(
          {.kind = "runtime", .sentence = "There is not enough memory for this case."});
    }
  } catch (const einx::Error& error) {
    return error_result(error);
  } catch (const std::exception& error) {
    return {{"error",
             {{"class", "InternalError"},
              {"kind", "internal"},
              {"message", error.what()},
              {"carets", Json::array()}}}};
  }
}

Json answer(const std::string& line) {
  const Json a_case = Json::parse(line, nullptr, false);
  const bool valid = a_case.is_object();  // not so if the line is not JSON at all
  Json result = {{"id", valid && a_case.contains("id") ? a_case.at("id") : guess_id(line)}};
  result.update(evaluated(a_case));
  return result;
}

}  // namespace

int eval(const Words& words) {
  const Arguments arguments = parse_arguments(words, {});
  if (!arguments.words.empty() || !arguments.settings.empty())
    throw UsageError("eval takes its cases on standard input");
  if (arguments.help) {
    std::cout << kHelp;
    return 0;
  }
  std::ios::sync_with_stdio(false);
  for (std::string line; std::getline(std::cin, line);) {
    if (trimmed(line).empty()) continue;
    // Texts that are not UTF-8 must not stop the answer either.
    std::cout << answer(line).dump(-1, ' ', false, Json::error_handler_t::replace) << std::endl;
  }
  return 0;
}

}  // namespace einx_command
