// einsum as NumPy, torch and opt_einsum write it: a letter an axis, "ij, jk -> ik"; spaces say nothing.
#include "notation/dialects.h"
#include "notation/syntax.h"

namespace einx::detail::notation {

namespace {

class Reader {
 public:
  explicit Reader(const Call& call) : call_(call), text_(call.text) {}

  Contraction read() {
    Contraction out;
    out.inputs.emplace_back();
    while (at_ < text_.size()) {
      const std::string_view rest = text_.substr(at_);
      if (rest.starts_with("->")) {
        arrows_.push_back({column_, column_ + 2});
        out.output.emplace();
        advance(2, 2);
      } else if (rest.starts_with("...")) {
        ellipsis(out.output ? *out.output : out.inputs.back());
      } else if (rest.front() == ',') {
        comma(out);
      } else if (rest.front() == ' ') {
        advance(1, 1);
      } else {
        letter(out.output ? *out.output : out.inputs.back());
      }
    }
    if (arrows_.size() > 1)
      raise_syntax(text_, "multiple-arrows", "An expression has one '->' at most.", arrows_);
    if (!commas_.empty())
      raise<SemanticError>(call_, "num-output-exprs",
                           "einsum has one output, so there is no ',' after the '->'.", commas_);
    return out;
  }

 private:
  void advance(std::size_t bytes, int columns) {
    at_ += bytes;
    column_ += columns;
  }

  void comma(Contraction& out) {
    if (out.output)
      commas_.push_back({column_, column_ + 1});
    else
      out.inputs.emplace_back();
    advance(1, 1);
  }

  void ellipsis(ContractionTerm& term) {
    const Span span{column_, column_ + 3};
    for (const ContractionTerm::Item& item : term.items)
      if (item.name.empty())
        raise<RankError>(call_, "ellipsis-ambiguous", "A tensor has at most one '...'.", {item.span, span});
    term.items.push_back({"", span});
    advance(3, 3);
  }

  void letter(ContractionTerm& term) {
    const CodePoint c = code_point_at(text_, at_);
    const std::string name(text_.substr(at_, std::size_t(c.bytes)));
    const Span span{column_, column_ + 1};
    if (!is_letter(c.value))
      raise_syntax(text_, "invalid-token", "'" + name + "' is no letter and no sign of einsum.", {span},
                   {name == "." ? "An ellipsis has three dots: '...'."
                                : "An axis is one letter; the signs are ',', '->' and '...'."});
    term.items.push_back({name, span});
    advance(std::size_t(c.bytes), 1);
  }

  const Call& call_;
  std::string_view text_;
  std::size_t at_ = 0;
  int column_ = 0;
  std::vector<Span> arrows_, commas_;
};

}  // namespace

Expanded read_einsum(std::string_view text, const Rules& rules, std::span<const Operand> operands,
                     std::span<const Constraint> constraints) {
  check_length(text);
  const Call call{text, operands, constraints};
  return expand_contraction(call, rules, Reader(call).read());
}

}  // namespace einx::detail::notation
