#include "path_input.h"

#include <nlohmann/json.hpp>

#include "arguments.h"

namespace einx_command {
namespace {

using Json = nlohmann::json;

class NetworkReader {
 public:
  explicit NetworkReader(std::string name) : name_(std::move(name)) {}

  NetworkFile read(const std::string& text) {
    const Json all = parsed(text);
    if (!all.is_object()) refuse("it is no JSON object");
    read_sizes(member(all, "size_dict"));
    const Json& inputs = member(all, "inputs");
    if (!inputs.is_array()) refuse("\"inputs\" is no list of lists of labels");
    for (std::size_t k = 0; k < inputs.size(); ++k)
      out_.network.inputs.push_back(labels(inputs[k], "\"inputs\"[" + std::to_string(k) + "]"));
    if (inputs.empty()) refuse("\"inputs\" is empty");
    out_.network.output = labels(member(all, "output"), "\"output\"");
    return std::move(out_);
  }

 private:
  [[noreturn]] void refuse(const std::string& what) const { throw UsageError(name_ + ": " + what); }

  Json parsed(const std::string& text) const {
    try {
      return Json::parse(text);
    } catch (const Json::exception& error) {
      refuse(std::string("it is not JSON: ") + error.what());
    }
  }

  const Json& member(const Json& all, const char* key) const {
    const auto found = all.find(key);
    if (found == all.end()) refuse(std::string("there is no \"") + key + "\"");
    return *found;
  }

  void read_sizes(const Json& sizes) {
    if (!sizes.is_object()) refuse("\"size_dict\" is no object of sizes");
    for (const auto& [key, size] : sizes.items()) {
      if (!size.is_number_integer() ||
          (size.is_number_unsigned() && size.get<std::uint64_t>() > std::uint64_t(INT64_MAX)) ||
          size.get<std::int64_t>() < 0)
        refuse("the size of label " + key + " is no size: " + size.dump());
      const int label = int(numbers_.size());
      numbers_.emplace(key, label);
      out_.network.sizes.emplace(label, size.get<std::int64_t>());
      out_.names.emplace(std::to_string(label), Json(key).dump());
    }
  }

  std::vector<int> labels(const Json& list, const std::string& where) {
    if (!list.is_array()) refuse(where + " is no list of labels");
    std::vector<int> out;
    for (const Json& label : list) {
      if (!label.is_string() && !label.is_number_integer())
        refuse(where + " has a label that is no string and no integer: " + label.dump());
      const std::string key = label.is_string() ? label.get<std::string>() : label.dump();
      const auto found = numbers_.find(key);
      if (found == numbers_.end())
        refuse(where + " has the label " + label.dump() + ", for which \"size_dict\" has no size");
      if (label.is_number()) out_.names[std::to_string(found->second)] = label.dump();
      out.push_back(found->second);
    }
    return out;
  }

  std::string name_;
  std::map<std::string, int> numbers_;
  NetworkFile out_;
};

}  // namespace

einx::Shape read_shape(const std::string& word) {
  std::string_view text = trimmed(word);
  if (text.starts_with('(') && text.ends_with(')')) text = text.substr(1, text.size() - 2);
  einx::Shape shape;
  if (trimmed(text).empty()) return shape;
  for (const std::string& item : split_list(text)) {
    std::int64_t size = 0;
    if (!read_number(item, size) || size < 0)
      throw UsageError("a shape is sizes with commas, like 2,100, not \"" + word + "\"");
    shape.push_back(size);
  }
  return shape;
}

NetworkFile read_network(const std::string& text, const std::string& name) {
  return NetworkReader(name).read(text);
}

}  // namespace einx_command
