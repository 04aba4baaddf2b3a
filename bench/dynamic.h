// The kernel that serves many sizes beside the one made for this size.
#pragma once
#include <string>
#include <vector>

namespace bench {

/// Prints, for every copy, reduce and contract row (or those named), the time of the dynamic kernel over that
/// of the specialised one on one thread: with the first axis of the first operand free, and with its last
/// one. Non-zero if a row could not be measured.
int print_dynamic(const std::vector<std::string>& names);

}  // namespace bench
