// einx::save and einx::load: files around what save.h says of bytes.
#include <einx/saved.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <unistd.h>

#include "api/api.h"
#include "model/model.h"
#include "model/save.h"
#include "support/support.h"

namespace einx {

struct Saved::Impl {
  explicit Impl(detail::model::SavedProgram from)
      : saved(std::move(from)),
        engine(std::make_shared<const detail::script::Program>(detail::model::runnable(saved)),
               {.optimize = saved.optimize, .fold_constants = saved.fold_constants}) {}
  detail::model::SavedProgram saved;
  detail::model::Engine engine;
};

namespace {

namespace support = detail::support;

[[noreturn]] void bad_file(const std::string& path, const std::string& what, const std::string& why) {
  support::raise<ValueError>({.kind = "bad-file", .sentence = "\"" + path + "\" cannot be " + what + ": " + why + "."});
}

std::string error_text() { return std::generic_category().message(errno); }

std::string read_file(const std::string& path) {
  std::error_code failure;
  if (std::filesystem::is_directory(path, failure)) bad_file(path, "read", "it is a folder");
  std::ifstream file(path, std::ios::binary);
  if (!file) bad_file(path, "read", error_text());
  std::string bytes{std::istreambuf_iterator<char>(file), {}};
  if (file.bad()) bad_file(path, "read", error_text());
  return bytes;
}

/// Through a file beside it that is renamed: others see the old one or all of the new one.
void write_file(const std::string& path, const std::string& bytes) {
  const std::string beside = path + "." + std::to_string(getpid()) + ".new";
  std::ofstream file(beside, std::ios::binary | std::ios::trunc);
  file.write(bytes.data(), std::streamsize(bytes.size()));
  file.close();
  std::string why = file ? "" : error_text();
  std::error_code failure;
  if (why.empty()) {
    std::filesystem::rename(beside, path, failure);
    if (failure) why = failure.message();
  }
  if (why.empty()) return;
  std::filesystem::remove(beside, failure);
  bad_file(path, "written", why);
}

}  // namespace

std::vector<std::string> Saved::entries() const { return impl_->saved.entries; }
std::string Saved::guards() const { return impl_->saved.guards; }
std::string Saved::text() const { return detail::script::text(impl_->saved.program); }

std::vector<Tensor> Saved::run(std::string_view entry, std::span<const Operand> operands) const {
  const std::vector<std::string>& known = impl_->saved.entries;
  if (std::ranges::find(known, entry) == known.end())
    support::raise<ValueError>({.kind = "bad-parameter", .sentence = "The saved program has no function \"" + std::string(entry) + "\".",
                                .advice = {"It has: " + support::join(known, ", ") + "."}});
  return impl_->engine.run(entry, detail::api::operand_tensors(operands, "A saved function"));
}

Tensor Saved::run_one(std::span<const Operand> operands) const { return run(impl_->saved.entries.front(), operands).at(0); }

Saved load(const std::string& path) {
  return Saved(std::make_shared<const Saved::Impl>(detail::model::decode(read_file(path), path)));
}

namespace detail {

void save_program(const std::string& path, const model::SavedProgram& program) { write_file(path, model::encode(program)); }

}  // namespace detail
}  // namespace einx
