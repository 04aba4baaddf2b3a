// From the terms of a contraction to its full form. The operands' shapes are known here, which decides what
// broadcasts.
#include <algorithm>
#include <map>
#include <set>

#include "notation/dialects.h"

namespace einx::detail::notation {

namespace {

using Item = ContractionTerm::Item;

const Item* ellipsis_of(const ContractionTerm& term) {
  const auto found =
      std::find_if(term.items.begin(), term.items.end(), [](const Item& item) { return item.name.empty(); });
  return found == term.items.end() ? nullptr : &*found;
}

/// Axes that occur once in all inputs together, in the order of their letters; what the ellipses stand for
/// comes first.
ContractionTerm implied_output(const std::vector<ContractionTerm>& inputs) {
  std::map<std::string, int> counts;
  ContractionTerm output;
  for (const ContractionTerm& input : inputs)
    for (const Item& item : input.items) {
      if (!item.name.empty())
        ++counts[item.name];
      else if (output.items.empty())
        output.items.push_back(item);
    }
  for (const auto& [name, count] : counts)
    if (count == 1) output.items.push_back({name, {}});
  return output;
}

/// A dimension of an operand, written out: ellipses have become axes of their own.
struct Dimension {
  std::string name;
  Span span;
  std::optional<std::int64_t> size;
};

class Expander {
 public:
  Expander(const Call& call, const Rules& rules, const Contraction& contraction)
      : call_(call),
        rules_(rules),
        inputs_(contraction.inputs),
        output_(contraction.output ? *contraction.output : implied_output(contraction.inputs)) {}

  Expanded run() {
    check_output();
    for (std::size_t k = 0; k < inputs_.size(); ++k) write_out(k);
    find_sizes();
    Expanded out{std::string(call_.text), rules_, {}, {}};
    out.rules.merge = false;
    for (const Item& item : output_.items) {
      if (item.name.empty())
        for (int i = broadcast_; i-- > 0;) kept_.insert(broadcast_name(i));
      else
        kept_.insert(item.name);
    }
    for (const std::vector<Dimension>& dimensions : operands_) out.inputs.push_back(tree(dimensions));
    out.outputs.push_back(output_tree());
    return out;
  }

 private:
  void check_output() const {
    std::set<std::string> known, seen, repeated;
    std::vector<std::string> names;
    for (const ContractionTerm& input : inputs_)
      for (const Item& item : input.items) known.insert(item.name);
    check_sizes(call_, {known.begin(), known.end()});
    if (inputs_.size() != call_.operands.size())
      raise<ValueError>(
          call_, "num-tensors",
          "The expression has " + counted(std::int64_t(inputs_.size()), "input", "inputs") + ", but " +
              counted(std::int64_t(call_.operands.size()), "operand is", "operands are") + " given.",
          {});
    std::vector<Span> unknown;
    for (const Item& item : output_.items) {
      if (!seen.insert(item.name).second) repeated.insert(item.name);
      if (item.name.empty() || known.contains(item.name)) continue;
      unknown.push_back(item.span);
      names.push_back(item.name);
    }
    if (!unknown.empty())
      raise<SemanticError>(call_, "unknown-output-axis",
                           "The output has " + quoted(names) + ", which no input has.", unknown);
    refuse_repeated(repeated);
  }

  void refuse_repeated(const std::set<std::string>& repeated) const {
    if (repeated.empty()) return;
    std::vector<Span> spans;
    for (const Item& item : output_.items)
      if (repeated.contains(item.name)) spans.push_back(item.span);
    raise<SemanticError>(call_, "duplicate-output-axis",
                         "An axis occurs once in an output; repeated here: " +
                             quoted({repeated.begin(), repeated.end()}) + ".",
                         spans, {"There is no notation that writes a diagonal."});
  }

  /// Axes that ellipses stand for are counted from the right, where they are aligned.
  static std::string broadcast_name(int from_right) { return "..." + std::to_string(from_right); }

  int rank_of_ellipsis(std::size_t k, std::size_t named) {
    const std::optional<Shape>& shape = call_.operands[k].shape;
    if (!shape)
      support::raise<TypeError>(report(
          call_, "operand-kind",
          "Operand #" + std::to_string(k + 1) + " has no shape that would say what its '...' stands for.",
          {ellipsis_of(inputs_[k])->span}));
    return int(shape->size()) - int(named);
  }

  void write_out(std::size_t k) {
    const ContractionTerm& term = inputs_[k];
    const Item* ellipsis = ellipsis_of(term);
    const std::size_t named = term.items.size() - (ellipsis ? 1 : 0);
    const std::optional<Shape>& shape = call_.operands[k].shape;
    if (shape && (shape->size() < named || (!ellipsis && shape->size() > named)))
      raise<RankError>(call_, "ndim-mismatch",
                       "Operand #" + std::to_string(k + 1) + " has " +
                           counted(std::int64_t(shape->size()), "axis", "axes") +
                           ", but the expression has " + (ellipsis ? "at least " : "") +
                           std::to_string(named) + " for it.",
                       {});
    std::vector<Dimension> dimensions;
    const auto add = [&](std::string name, Span span) {
      std::optional<std::int64_t> size;
      if (shape) size = (*shape)[dimensions.size()];
      dimensions.push_back({std::move(name), span, size});
    };
    for (const Item& item : term.items) {
      if (!item.name.empty()) {
        add(item.name, item.span);
        continue;
      }
      const int rank = rank_of_ellipsis(k, named);
      broadcast_ = std::max(broadcast_, rank);
      for (int i = rank; i-- > 0;) add(broadcast_name(i), item.span);
    }
    operands_.push_back(std::move(dimensions));
  }

  /// An axis has the size that is not 1. Within one operand nothing broadcasts: a diagonal needs equal sizes.
  void find_sizes() {
    std::set<std::string> wrong;
    for (const std::vector<Dimension>& dimensions : operands_) {
      std::map<std::string, std::int64_t> own;
      for (const Dimension& d : dimensions) {
        if (!d.size) continue;
        if (own.try_emplace(d.name, *d.size).first->second != *d.size) wrong.insert(d.name);
        std::int64_t& size = sizes_.try_emplace(d.name, *d.size).first->second;
        if (size == 1) size = *d.size;
        if (*d.size != 1 && *d.size != size) wrong.insert(d.name);
      }
    }
    if (!wrong.empty()) raise_conflict(wrong);
  }

  [[noreturn]] void raise_conflict(const std::set<std::string>& wrong) const {
    std::vector<Span> spans;
    std::vector<std::string> names;
    for (const std::vector<Dimension>& dimensions : operands_)
      for (const Dimension& d : dimensions)
        if (wrong.contains(d.name)) spans.push_back(d.span);
    for (const std::string& name : wrong) names.push_back(name.starts_with("...") ? "..." : name);
    raise<AxisSizeError>(call_, "axis-conflict",
                         "The operands have different sizes for " + quoted(names) + ".", spans,
                         {"Only an axis of size 1 broadcasts to another size, and not within one operand."});
  }

  NodePtr tree(const std::vector<Dimension>& dimensions) const {
    std::vector<NodePtr> items;
    for (const Dimension& d : dimensions) {
      const bool broadcasts = d.size == 1 && sizes_.at(d.name) != 1;
      NodePtr item = broadcasts ? make_group(make_list({}, d.span), d.span) : make_axis(d.name, d.span);
      items.push_back(broadcasts || kept_.contains(d.name) ? item : make_brackets(item, d.span));
    }
    return make_list(std::move(items), {});
  }

  NodePtr output_tree() const {
    std::vector<NodePtr> items;
    for (const Item& item : output_.items) {
      if (!item.name.empty()) {
        items.push_back(make_axis(item.name, item.span));
        continue;
      }
      for (int i = broadcast_; i-- > 0;) items.push_back(make_axis(broadcast_name(i), item.span));
    }
    return make_list(std::move(items), {});
  }

  const Call& call_;
  const Rules& rules_;
  const std::vector<ContractionTerm>& inputs_;
  const ContractionTerm output_;
  std::vector<std::vector<Dimension>> operands_;
  std::map<std::string, std::int64_t> sizes_;
  std::set<std::string> kept_;
  int broadcast_ = 0;  ///< axes that the longest ellipsis stands for
};

}  // namespace

Expanded expand_contraction(const Call& call, const Rules& rules, const Contraction& contraction) {
  return Expander(call, rules, contraction).run();
}

void check_sizes(const Call& call, const std::vector<std::string>& names) {
  std::vector<std::string> unused;
  for (const Constraint& size : call.constraints) {
    if (std::find(names.begin(), names.end(), size.name) == names.end()) unused.push_back(size.name);
    if (!size.not_integer.empty() || !size.dims.empty())
      raise<ValueError>(call, "constraint-not-integer",
                        "The size of '" + size.name + "' has to be an integer, not " +
                            (size.not_integer.empty() ? "a list" : size.not_integer) + ".",
                        {});
  }
  if (!unused.empty())
    raise<ValueError>(call, "unused-size",
                      "A size is given for " + quoted(unused) + ", which is no axis of the expression.", {},
                      {"Sizes are given for axes of the expression only."});
}

}  // namespace einx::detail::notation
