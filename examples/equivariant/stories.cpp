#include "stories.h"

namespace equivariant {

HalfNorm::HalfNorm(const Irreps& in) {
  child("norm", Norm(in));
  script(R"(
def forward(x):
    norm = self.norm(x)
    if any(norm > 7):
        return norm
    return norm * 0.5
)");
}

FirstRow::FirstRow() {
  script(R"(
def forward(x):
    for row in x:
        if any("[...]", row > 0.1):
            return row
    return x
)");
}

PlusThree::PlusThree() : rows_(child("rows", FirstRow())) {
  entry("forward", &PlusThree::forward);
  input("x", {einx::f32, {"...", 3}});
}

}  // namespace equivariant
