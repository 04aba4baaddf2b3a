// Rows of the user's own: made at run time, found by name, never removed.
#include <algorithm>
#include <map>
#include <mutex>
#include <shared_mutex>

#include "ops/rules.h"
#include "support/support.h"

namespace einx::detail::ops {
namespace {

/// What the row gave for the dtypes it has been asked for; tracing a function again would give the same.
struct CustomOp : Op {
  explicit CustomOp(UserRow user) : row(std::move(user)) {}
  UserRow row;
  mutable std::mutex mutex;
  mutable std::map<std::vector<DType>, Resolved> known;
};

/// Rows that this thread is resolving: one among its own operations has no meaning.
thread_local std::vector<const Op*> resolving;

struct Resolving {
  explicit Resolving(const Op& op) {
    if (std::ranges::find(resolving, &op) != resolving.end())
      support::raise<CallOperationError>(
          {.kind = "runtime",
           .sentence = "The operation '" + std::string(op.name) + "' is used in its own definition."});
    resolving.push_back(&op);
  }
  Resolving(const Resolving&) = delete;
  ~Resolving() { resolving.pop_back(); }
};

Resolved resolve_custom(const Op& op, std::span<const DType> operands) {
  const auto& custom = static_cast<const CustomOp&>(op);
  std::vector<DType> dtypes(operands.begin(), operands.end());
  {
    const std::lock_guard lock(custom.mutex);
    if (const auto found = custom.known.find(dtypes); found != custom.known.end()) return found->second;
  }
  const Resolving guard(op);
  Resolved resolved = custom.row.resolve(op, operands);  // user code: not under the lock
  const std::lock_guard lock(custom.mutex);
  return custom.known.emplace(std::move(dtypes), std::move(resolved)).first->second;
}

struct UserRows {
  std::shared_mutex mutex;
  std::map<std::string, std::unique_ptr<const CustomOp>, std::less<>> by_name;
  std::map<std::pair<std::string, std::string>, const CustomOp*>
      by_identity;  ///< name as asked for, identity
};

/// Never destroyed: calls may still run while the process exits.
UserRows& user_rows() {
  static support::Immortal<UserRows> rows;
  return rows.value;
}

/// The names of built-in operations: those found while no row of the user's has the name.
bool built_in(const std::string& name) { return find(name) != nullptr && find_user_row(name) == nullptr; }

void check_name(const std::string& name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  const bool legal = !name.empty() && letter(name[0]) && name.size() <= 200 &&
                     std::ranges::all_of(name, [&](char c) { return letter(c) || digit(c); }) &&
                     name != "def" && name != "return" && name != "constant" && name != "factory";
  if (!legal)
    support::raise<ValueError>(
        {.kind = "bad-parameter",
         .sentence = "'" + name +
                     "' cannot name an operation: a name has letters, digits and '_', and does "
                     "not begin with a digit."});
  if (built_in(name))
    support::raise<ValueError>(
        {.kind = "bad-parameter",
         .sentence = "'" + name + "' is a built-in operation; an operation of your own needs another name."});
}

std::unique_ptr<const CustomOp> make_row(UserRow row) {
  auto op = std::make_unique<CustomOp>(std::move(row));
  const UserRow& made = op->row;
  static_cast<Op&>(*op) = make_op(made.family, made.name, made.min_inputs, made.max_inputs,
                                  "an operation of the user's own", resolve_custom);
  return op;
}

}  // namespace

const Op* find_user_row(std::string_view name) {
  UserRows& rows = user_rows();
  const std::shared_lock lock(rows.mutex);
  const auto found = rows.by_name.find(name);
  return found == rows.by_name.end() ? nullptr : found->second.get();
}

const Op& add_row(UserRow row, const std::string& identity) {
  check_name(row.name);
  const std::pair<std::string, std::string> key{row.name, identity};
  UserRows& rows = user_rows();
  const std::unique_lock lock(rows.mutex);
  if (!identity.empty())
    if (const auto found = rows.by_identity.find(key); found != rows.by_identity.end()) return *found->second;
  for (int number = 2; rows.by_name.contains(row.name); ++number)
    row.name = key.first + "_" + std::to_string(number);
  std::unique_ptr<const CustomOp> made = make_row(std::move(row));
  const CustomOp* op = made.get();
  rows.by_name.emplace(op->row.name, std::move(made));
  if (!identity.empty()) rows.by_identity.emplace(key, op);
  return *op;
}

}  // namespace einx::detail::ops
