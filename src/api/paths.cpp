// Contraction paths for users: from equations and shapes to networks, and from results to text.
#include "paths/paths.h"

#include <einx/error.h>
#include <einx/paths.h>

#include <algorithm>
#include <set>

#include "api/optimizing.h"
#include "notation/notation.h"

namespace einx {
namespace {

namespace paths = detail::paths;
namespace support = detail::support;

constexpr std::size_t kShownTerms = 20;

/// A network whose labels have names. `written`: the terms with the axes of size 1 that broadcast, which the
/// network leaves out.
struct Named {
  paths::Network network;
  std::vector<std::string> names;
  std::vector<std::vector<int>> written;
};

[[noreturn]] void refuse(std::string sentence, std::vector<std::string> advice = {}) {
  support::raise<ValueError>(
      {.kind = "bad-parameter", .sentence = std::move(sentence), .advice = std::move(advice)});
}

std::string utf8(char32_t c) {
  return {char(0xE0 | c >> 12), char(0x80 | (c >> 6 & 0x3F)), char(0x80 | (c & 0x3F))};
}

/// a to z, A to Z, then ideographs; numbers where there are no letters left.
std::string letter(int k) {
  constexpr int kAlphabet = 26, kMany = 20000;
  constexpr char32_t kIdeographs = 0x4E00;
  if (k < kAlphabet) return std::string(1, char('a' + k));
  if (k < 2 * kAlphabet) return std::string(1, char('A' + k - kAlphabet));
  return k < kMany ? utf8(kIdeographs + char32_t(k)) : "{" + std::to_string(k) + "}";
}

// ---------------------------------------------------------------- from an equation
/// The characters of one term: letters, and "..." as one. The text has been checked.
std::vector<std::string> characters(std::string_view term) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at < term.size();) {
    std::size_t bytes = term[at] == '.' ? 3 : 1;
    while (term[at] != '.' && at + bytes < term.size() &&
           (static_cast<unsigned char>(term[at + bytes]) & 0xC0) == 0x80)
      ++bytes;
    if (term[at] != ' ') out.emplace_back(term.substr(at, bytes));
    at += bytes;
  }
  return out;
}

class Reader {
 public:
  Reader(std::string_view equation, const std::vector<Shape>& shapes) : shapes_(shapes) {
    const std::size_t arrow = equation.find("->");
    std::string_view left = equation.substr(0, arrow);
    for (;;) {
      const std::size_t comma = left.find(',');
      terms_.push_back(characters(left.substr(0, comma)));
      if (comma == std::string_view::npos) break;
      left.remove_prefix(comma + 1);
    }
    if (arrow != std::string_view::npos)
      output_ = characters(equation.substr(arrow + 2));
    else
      imply_output();
  }

  Named read() {
    for (std::size_t k = 0; k < terms_.size(); ++k)
      if (const int named = int(terms_[k].size()) - 1; std::count(terms_[k].begin(), terms_[k].end(), "..."))
        unnamed_ = std::max(unnamed_, int(shapes_[k].size()) - named);
    name_unnamed();
    for (std::size_t k = 0; k < terms_.size(); ++k)
      out_.written.push_back(labels(terms_[k], int(shapes_[k].size())));
    find_sizes();
    for (std::size_t k = 0; k < terms_.size(); ++k) {
      std::vector<int>& term = out_.network.terms.emplace_back();
      for (std::size_t d = 0; d < shapes_[k].size(); ++d) {
        const int label = out_.written[k][d];
        if (shapes_[k][d] == out_.network.sizes[std::size_t(label)]) term.push_back(label);
      }
    }
    for (const int label : labels(output_, -1))
      if (held(label)) out_.network.output.push_back(label);
    return std::move(out_);
  }

 private:
  void imply_output() {
    std::map<std::string, int> counts;
    for (const std::vector<std::string>& term : terms_)
      for (const std::string& name : term) counts[name] += name == "..." ? -1 : 1;
    for (const auto& [name, count] : counts)
      if (count < 0) output_.push_back(name);
    for (const auto& [name, count] : counts)
      if (count == 1) output_.push_back(name);
  }

  /// Letters for what ellipses stand for, counted from the right: those that the equation does not use.
  void name_unnamed() {
    std::set<std::string> used;
    for (const std::vector<std::string>& term : terms_) used.insert(term.begin(), term.end());
    for (int k = 0; int(ellipsis_.size()) < unnamed_; ++k)
      if (!used.contains(letter(k))) ellipsis_.push_back(letter(k));
  }

  int label(const std::string& name) {
    const auto [found, fresh] = known_.try_emplace(name, int(out_.names.size()));
    if (fresh) out_.names.push_back(name);
    return found->second;
  }

  /// `rank` of the operand; -1 for the output, which has all that ellipses stand for.
  std::vector<int> labels(const std::vector<std::string>& term, int rank) {
    std::vector<int> out;
    for (const std::string& name : term) {
      if (name != "...") {
        out.push_back(label(name));
        continue;
      }
      for (int k = rank < 0 ? unnamed_ : rank - int(term.size()) + 1; k-- > 0;)
        out.push_back(label(ellipsis_[std::size_t(k)]));
    }
    return out;
  }

  void find_sizes() {
    out_.network.sizes.assign(out_.names.size(), 1);
    for (std::size_t k = 0; k < shapes_.size(); ++k)
      for (std::size_t d = 0; d < shapes_[k].size(); ++d)
        if (shapes_[k][d] != 1) out_.network.sizes[std::size_t(out_.written[k][d])] = shapes_[k][d];
  }

  bool held(int label) const {
    return std::any_of(
        out_.network.terms.begin(), out_.network.terms.end(),
        [&](const std::vector<int>& term) { return std::count(term.begin(), term.end(), label) > 0; });
  }

  const std::vector<Shape>& shapes_;
  std::vector<std::vector<std::string>> terms_;
  std::vector<std::string> output_, ellipsis_;
  int unnamed_ = 0;
  std::map<std::string, int> known_;
  Named out_;
};

Named read(std::string_view equation, const std::vector<Shape>& shapes) {
  using namespace detail;
  std::vector<notation::Operand> operands;
  for (const Shape& shape : shapes) {
    for (const std::int64_t size : shape)
      if (size < 0)
        support::raise<ValueError>(
            {.kind = "bad-shape",
             .sentence = "A shape has a negative size: " + support::tuple_text(shape) + "."});
    operands.push_back({shape, ""});
  }
  const notation::Rules rules{.family = notation::Family::Einsum, .dialect = Dialect::Einsum, .op = "einsum"};
  notation::read(equation, rules, operands, {});
  return Reader(equation, shapes).read();
}

Named read(const TensorNetwork& given) {
  Named out;
  std::map<int, int> known;
  for (const auto& [label, size] : given.sizes) {
    known.emplace(label, int(out.names.size()));
    out.names.push_back(std::to_string(label));
    out.network.sizes.push_back(size);
  }
  const auto labels = [&](const std::vector<int>& list, const std::string& where) {
    std::vector<int> mapped;
    for (const int label : list) {
      const auto found = known.find(label);
      if (found == known.end())
        refuse("There is no size for label " + std::to_string(label) + " of " + where + ".");
      mapped.push_back(found->second);
    }
    return mapped;
  };
  for (std::size_t k = 0; k < given.inputs.size(); ++k)
    out.network.terms.push_back(labels(given.inputs[k], "input " + std::to_string(k)));
  out.network.output = labels(given.output, "the output");
  out.written = out.network.terms;
  return out;
}

// ---------------------------------------------------------------- the search
template <class E>
E chosen(std::optional<E> value, std::string_view option, const std::string& given,
         std::string_view choices) {
  if (!value)
    refuse("The option " + std::string(option) + " is one of " + std::string(choices) + ", not '" + given +
           "'.");
  return *value;
}

}  // namespace

detail::paths::Options detail::api::path_options(const PathOptions& options) {
  paths::Options out;
  out.algorithm = chosen(paths::algorithm_named(options.optimize), "optimize", options.optimize,
                         "auto, optimal, dp, greedy, random-greedy");
  out.minimize = chosen(paths::minimize_named(options.minimize), "minimize", options.minimize,
                        "flops, size, write, time");
  out.seconds = options.seconds;
  out.memory_limit = options.memory_limit;
  out.slicing = options.slicing;
  out.seed = options.seed;
  if (options.progress)
    out.progress = [&options](const paths::Progress& now) {
      return options.progress({now.seconds, now.fraction, now.best, now.trials});
    };
  return out;
}

namespace {

void set_constants(paths::Network& network, const std::vector<int>& constants) {
  if (constants.empty()) return;
  network.constant.assign(network.terms.size(), false);
  for (const int k : constants) {
    if (k < 0 || std::size_t(k) >= network.terms.size())
      refuse("There is no operand " + std::to_string(k) + " to be constant: there are " +
             std::to_string(network.terms.size()) + ", from 0.");
    network.constant[std::size_t(k)] = true;
  }
}

// ---------------------------------------------------------------- text
std::string joined(const std::vector<int>& labels, const std::vector<std::string>& letters) {
  std::string out;
  for (const int label : labels) out += letters[std::size_t(label)];
  return out;
}

int distinct(const std::vector<std::vector<int>>& lists) {
  std::set<int> labels;
  for (const std::vector<int>& list : lists) labels.insert(list.begin(), list.end());
  return int(labels.size());
}

/// The steps as equations. Operands have the axes that were written, so that each equation fits what is
/// contracted.
void describe(const Named& named, const std::vector<std::string>& letters, const paths::Result& found,
              PathInfo& info) {
  std::vector<std::string> terms;  // by identity
  for (const std::vector<int>& term : named.written) terms.push_back(joined(term, letters));
  std::vector<int> list(terms.size());
  for (std::size_t k = 0; k < list.size(); ++k) list[k] = int(k);
  const std::string output = joined(named.network.output, letters);
  const auto equation = [&](const std::vector<int>& identities) {
    std::string text;
    for (const int k : identities)
      text += (text.empty() && k == identities[0] ? "" : ",") + terms[std::size_t(k)];
    return text + "->";
  };
  info.equation = equation(list) + output;
  for (const paths::StepTerms& step : paths::steps(named.network, found.path, found.slices)) {
    const std::vector<int>& taken = step.identities;
    std::erase_if(list, [&](int identity) { return std::count(taken.begin(), taken.end(), identity) > 0; });
    list.push_back(int(terms.size()));
    PathStep out{step.positions, equation(taken) + joined(step.output, letters),
                 "...",          distinct(step.inputs),
                 step.flops,     step.size};
    terms.push_back(joined(step.output, letters));
    if (list.size() <= kShownTerms) out.remaining = equation(list) + output;
    info.scaling = std::max(info.scaling, out.scaling);
    info.steps.push_back(std::move(out));
  }
}

PathInfo search(Named named, const std::vector<std::string>& letters, const PathOptions& options) {
  set_constants(named.network, options.constants);
  const paths::Result found = paths::find(named.network, detail::api::path_options(options));
  PathInfo info;
  info.path = found.path;
  info.naive_scaling = distinct(named.network.terms);
  info.naive_flops = paths::naive_flops(named.network);
  info.flops = found.cost.flops;
  info.largest = found.cost.largest;
  info.write = found.cost.write;
  for (const int label : found.slices) info.slices.push_back(named.names[std::size_t(label)]);
  info.slice_count = found.slice_count;
  info.algorithm = paths::name_of(found.algorithm);
  info.exact = found.exact;
  info.stopped = found.stopped;
  info.seconds = found.search_seconds;
  describe(named, letters, found, info);
  return info;
}

}  // namespace

PathInfo contract_path(std::string_view equation, const std::vector<Shape>& shapes,
                       const PathOptions& options) {
  const Named named = read(equation, shapes);
  return search(named, named.names, options);
}

PathInfo contract_path(const TensorNetwork& network, const PathOptions& options) {
  const Named named = read(network);
  std::vector<std::string> letters;
  for (std::size_t k = 0; k < named.names.size(); ++k) letters.push_back(letter(int(k)));
  return search(named, letters, options);
}

}  // namespace einx
