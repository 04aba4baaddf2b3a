// Paths and networks written out: what a step contracts, and what it costs.
#include <set>
#include <string>

#include "paths/problem.h"

namespace einx::detail::paths {

namespace {

[[noreturn]] void refuse(std::string sentence, std::vector<std::string> advice = {}) {
  support::raise<ValueError>(
      {.kind = "bad-parameter", .sentence = std::move(sentence), .advice = std::move(advice)});
}

std::string label_text(int label) { return "label " + std::to_string(label); }

/// A network while a path runs over it.
class Run {
 public:
  Run(const Network& network, const std::vector<int>& slices)
      : network_(network), sizes_(network.sizes.begin(), network.sizes.end()) {
    for (const int label : slices) {
      if (label < 0 || std::size_t(label) >= sizes_.size())
        refuse("There is no " + label_text(label) + " to slice.");
      sizes_[std::size_t(label)] = 1;
    }
    users_.resize(sizes_.size());
    for (const int label : network.output) ++users_[std::size_t(label)];
    for (std::size_t k = 0; k < network.terms.size(); ++k) {
      list_.push_back({network.terms[k], !network.constant.empty() && network.constant[k], next_++});
      for (const int label : std::set<int>(network.terms[k].begin(), network.terms[k].end()))
        ++users_[std::size_t(label)];
    }
  }

  StepTerms step(const std::vector<int>& positions, bool last) {
    StepTerms out;
    out.positions = positions;
    Term made{{}, true, next_++};
    std::set<int> seen;
    std::vector<int> all;  // in order of appearance
    for (const int position : chosen(positions)) {
      const Term& term = list_[std::size_t(position)];
      out.identities.push_back(term.identity);
      out.inputs.push_back(term.labels);
      made.constant = made.constant && term.constant;
      for (const int label : std::set<int>(term.labels.begin(), term.labels.end()))
        --users_[std::size_t(label)];
      for (const int label : term.labels)
        if (seen.insert(label).second) all.push_back(label);
    }
    double elements = 1;
    for (const int label : all) {
      elements *= sizes_[std::size_t(label)];
      if (users_[std::size_t(label)] > 0) made.labels.push_back(label);
    }
    const bool summed = made.labels.size() < all.size();
    if (last) made.labels = network_.output;
    out.output = made.labels;
    out.size = 1;
    for (const int label : made.labels) out.size *= sizes_[std::size_t(label)], ++users_[std::size_t(label)];
    remove(positions);
    out.flops =
        made.constant ? 0 : elements * (std::max<double>(1, double(positions.size()) - 1) + (summed ? 1 : 0));
    list_.push_back(std::move(made));
    return out;
  }
  std::size_t left() const { return list_.size(); }

 private:
  struct Term {
    std::vector<int> labels;
    bool constant;
    int identity;
  };

  const std::vector<int>& chosen(const std::vector<int>& positions) const {
    std::set<int> distinct;
    for (const int position : positions) {
      if (position < 0 || std::size_t(position) >= list_.size())
        refuse("A step of the path names position " + std::to_string(position) + ", but " +
               std::to_string(list_.size()) + " terms are left, from position 0.");
      if (!distinct.insert(position).second)
        refuse("A step of the path names position " + std::to_string(position) + " twice.");
    }
    if (positions.empty()) refuse("A step of the path names no position.");
    return positions;
  }

  void remove(std::vector<int> positions) {
    std::sort(positions.begin(), positions.end());
    for (auto at = positions.rbegin(); at != positions.rend(); ++at) list_.erase(list_.begin() + *at);
  }

  const Network& network_;
  std::vector<double> sizes_;
  std::vector<int> users_;  ///< of every label: terms that are left, and the output
  std::vector<Term> list_;
  int next_ = 0;  ///< identity of the term that is made next
};

}  // namespace

void check(const Network& network) {
  if (network.terms.empty()) refuse("A network has at least one term.");
  const auto known = [&](int label) { return label >= 0 && std::size_t(label) < network.sizes.size(); };
  std::set<int> used;
  for (const std::vector<int>& term : network.terms)
    for (const int label : term) {
      if (!known(label)) refuse("There is no size for " + label_text(label) + ".");
      used.insert(label);
    }
  std::set<int> seen;
  for (const int label : network.output) {
    if (!used.contains(label)) refuse("The output has " + label_text(label) + ", which no term has.");
    if (!seen.insert(label).second) refuse("The output has " + label_text(label) + " twice.");
  }
  for (const std::int64_t size : network.sizes)
    if (size < 0) refuse("A size is negative: " + std::to_string(size) + ".");
  if (!network.constant.empty() && network.constant.size() != network.terms.size())
    refuse("Of " + std::to_string(network.terms.size()) + " terms, " +
           std::to_string(network.constant.size()) + " are said to be constant or not.");
}

std::vector<StepTerms> steps(const Network& network, const Path& path, const std::vector<int>& slices) {
  check(network);
  Run run(network, slices);
  std::vector<StepTerms> out;
  for (std::size_t k = 0; k < path.size(); ++k) out.push_back(run.step(path[k], k + 1 == path.size()));
  if (run.left() != 1)
    refuse("The path leaves " + std::to_string(run.left()) + " terms.",
           {"Its steps have to make one of all of them."});
  return out;
}

Cost cost(const Network& network, const Path& path, const std::vector<int>& slices,
          const std::optional<TimeModel>& time) {
  Cost out;
  double count = 1;
  for (const int label : slices) count *= double(network.sizes[std::size_t(label)]);
  std::vector<double> sizes(network.sizes.begin(), network.sizes.end());
  for (const int label : slices) sizes[std::size_t(label)] = 1;
  const auto elements = [&](const std::vector<int>& labels) {
    double product = 1;
    for (const int label : std::set<int>(labels.begin(), labels.end())) product *= sizes[std::size_t(label)];
    return product;
  };
  for (const StepTerms& step : steps(network, path, slices)) {
    out.flops += count * step.flops;
    out.largest = std::max(out.largest, step.size);
    out.write += step.flops > 0 ? count * step.size : 0;
    if (!time || step.flops == 0) continue;
    double moved = step.size;
    for (const std::vector<int>& input : step.inputs) moved += elements(input);
    out.seconds += count * (std::max(step.flops / time->flops_per_second,
                                     moved * time->bytes_per_element / time->bytes_per_second) +
                            time->seconds_per_step);
  }
  return out;
}

double naive_flops(const Network& network) {
  std::vector<int> all(network.terms.size());
  for (std::size_t k = 0; k < all.size(); ++k) all[k] = int(k);
  Network every = network;
  every.constant.clear();
  return steps(every, {all})[0].flops;
}

}  // namespace einx::detail::paths
