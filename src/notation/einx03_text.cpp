// The text of einx 0.3 (notation.md 10): what differs before and just after the common parser.
#include <algorithm>
#include <map>

#include "notation/dialects.h"
#include "notation/messages.h"
#include "notation/syntax.h"

namespace einx::detail::notation {

namespace {

using Tok = Token::Kind;

bool opens(Tok kind) { return kind == Tok::Open || kind == Tok::OpenBracket; }
bool closes(Tok kind) { return kind == Tok::Close || kind == Tok::CloseBracket; }

/// Spaces around '+' mean nothing, so that it binds tighter than the space between axes.
std::vector<Token> without_spaces_around_plus(const std::vector<Token>& tokens) {
  std::vector<Token> kept;
  kept.reserve(tokens.size());
  for (const Token& token : tokens) {
    if (token.kind == Tok::Plus)
      while (!kept.empty() && kept.back().kind == Tok::Space) kept.pop_back();
    if (token.kind == Tok::Space && !kept.empty() && kept.back().kind == Tok::Plus) continue;
    kept.push_back(token);
  }
  return kept;
}

/// Finds the sums that do not stand alone in parentheses: "b q + k" reads "b (q + k)".
class SumFinder {
 public:
  explicit SumFinder(const std::vector<Token>& tokens)
      : tokens_(tokens), opened_(tokens.size() + 1), closed_(tokens.size() + 1) {}

  std::vector<Token> with_parentheses() {
    for (std::size_t i = 0; i < tokens_.size(); ++i) visit(i);
    if (!balanced_ || levels_.size() > 1) return tokens_;  // the parser is going to raise it
    leave(tokens_.size());
    std::vector<Token> out;
    for (std::size_t i = 0; i <= tokens_.size(); ++i) {
      const int column = i > 0 ? tokens_[i - 1].span.end : 0;
      if (closed_[i]) out.push_back({Tok::Close, {column, column}, ")"});
      if (i == tokens_.size()) break;
      if (opened_[i]) out.push_back({Tok::Open, {tokens_[i].span.begin, tokens_[i].span.begin}, "("});
      out.push_back(tokens_[i]);
    }
    return out;
  }

 private:
  struct Run {
    std::size_t begin, end;
  };
  /// What is open: its items so far are separated by spaces, commas and arrows.
  struct Level {
    bool group = false;  ///< of parentheses
    std::size_t begin = 0;
    bool plus = false;
    int items = 0;
    std::vector<Run> sums;
  };

  void visit(std::size_t i) {
    const Tok kind = tokens_[i].kind;
    if (closes(kind)) {
      balanced_ = balanced_ && levels_.size() > 1 && levels_.back().group == (kind == Tok::Close);
      if (balanced_) leave(i);
      return;
    }
    if (kind == Tok::Space || kind == Tok::Comma || kind == Tok::Arrow) {
      finish_item(i);
      if (kind != Tok::Space) ++levels_.back().items;  // alternatives: no sum stands alone
      levels_.back().begin = i + 1;
    } else if (kind == Tok::Plus) {
      levels_.back().plus = true;
    } else if (opens(kind)) {
      levels_.push_back({kind == Tok::Open, i + 1, false, 0, {}});
    }
  }

  void finish_item(std::size_t end) {
    Level& level = levels_.back();
    if (end > level.begin) ++level.items;
    if (level.plus) level.sums.push_back({level.begin, end});
    level.plus = false;
  }

  void leave(std::size_t end) {
    finish_item(end);
    const Level level = std::move(levels_.back());
    levels_.pop_back();
    if (level.group && level.items == 1) return;
    for (const Run& sum : level.sums) opened_[sum.begin] = closed_[sum.end] = true;
  }

  const std::vector<Token>& tokens_;
  std::vector<bool> opened_, closed_;  // before the token
  std::vector<Level> levels_{1};
  bool balanced_ = true;
};

/// First occurrence of every name in a subtree. An axis may occur once, but in each operand of a sum.
class DuplicateFinder {
 public:
  using Names = std::map<std::string_view, const Node*>;

  Names visit(const Node& node) {
    if (node.kind == Kind::Axis) return is_number(node) ? Names{} : Names{{node.name, &node}};
    Names all;
    for (const NodePtr& child : node.children) {
      Names names = visit(*child);
      if (names.size() > all.size()) std::swap(names, all);  // the smaller into the larger
      for (const auto& [name, axis] : names)
        if (!all.emplace(name, axis).second && node.kind != Kind::Concat) repeated.push_back(name);
    }
    return all;
  }

  std::vector<std::string_view> repeated;
};

/// Occurrences of the names; for the anonymous axis the dots around it.
void collect_spans(const Node& node, const std::vector<std::string_view>& names, std::vector<Span>& spans) {
  for (const NodePtr& child : node.children) {
    const bool dots = node.kind == Kind::Ellipsis && is_anonymous(*child);
    if (child->kind == Kind::Axis && std::find(names.begin(), names.end(), child->name) != names.end())
      spans.push_back(dots ? Span{node.span.end - 3, node.span.end} : child->span);
    collect_spans(*child, names, spans);
  }
}

void check_duplicate_names(std::string_view text, const NodePtr& tensor) {
  DuplicateFinder finder;
  finder.visit(*tensor);
  if (finder.repeated.empty()) return;
  std::vector<Span> spans;
  std::vector<std::string> names;
  collect_spans(*tensor, finder.repeated, spans);
  for (std::string_view name : finder.repeated)
    names.push_back(name == kAnonymous ? "..." : std::string(name));
  raise_syntax(text, "duplicate-axis",
               "In einx 0.3 an axis may occur once in the expression of a tensor; repeated here: " +
                   quoted(names) + ".",
               spans, {"Without the dialect, a name twice in an input reads the diagonal."});
}

}  // namespace

Parsed parse_einx03(std::string_view text) {
  const std::vector<Token> tokens = without_spaces_around_plus(lex(text, true));
  const NodePtr root = lift(text, parse_tokens(text, SumFinder(tokens).with_parentheses()));
  for (const NodePtr& side : root->children)
    for (const NodePtr& tensor : side->children) check_duplicate_names(text, tensor);
  return {std::string(text), root};
}

}  // namespace einx::detail::notation
