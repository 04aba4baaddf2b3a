// Which schedule takes which nest. The first row that matches does; a schedule may still hand a nest on to
// the plain one.
#include "loops/estimate.h"

namespace einx::detail::loops {
namespace {

const ops::Rows* rows(const Nest& nest) { return std::get_if<ops::Rows>(&nest.meaning); }
bool one_pass(const Nest& nest) {
  return rows(nest) != nullptr && rows(nest)->passes.size() == 1 && !rows(nest)->per_element;
}
bool is_move(const Nest& nest) { return std::holds_alternative<ops::Move>(nest.meaning); }
bool is_map(const Nest& nest) { return std::holds_alternative<ops::Map>(nest.meaning); }
bool is_gather(const Nest& nest) { return std::holds_alternative<ops::Gather>(nest.meaning); }
bool converts(const Nest& nest) { return nest.inputs[0].dtype != nest.outputs[0].dtype; }
bool finds_position(const Nest& nest) { return rows(nest) != nullptr && rows(nest)->coordinates; }
bool contracts(const Nest& nest) {
  return one_pass(nest) && nest.inputs.size() >= 2 && rows(nest)->passes[0].identity.size() == 1;
}
bool reduces(const Nest& nest) {
  return one_pass(nest) && nest.inputs.size() == 1 && rows(nest)->passes[0].identity.size() == 1;
}

struct Choice {
  bool (*matches)(const Nest&);
  void (*schedule)(const Nest&, Plan&);
};

const Choice kChoices[] = {
    {[](const Nest& n) { return is_move(n) && !converts(n); }, schedule_copy},
    {[](const Nest& n) { return is_map(n) || is_move(n); }, schedule_map},
    {finds_position, schedule_order},
    {contracts, schedule_contract},
    {reduces, schedule_reduce},
    {[](const Nest& n) { return rows(n) != nullptr; }, schedule_rowwise},
    {is_gather, schedule_index},
};

}  // namespace

void schedule(const Nest& nest, Plan& plan) {
  for (const Choice& choice : kChoices)
    if (choice.matches(nest)) return choice.schedule(nest, plan);
}

}  // namespace einx::detail::loops
