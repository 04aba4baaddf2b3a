#include "peers/peers.h"

namespace bench::peers {

const std::vector<Library>& libraries() {
  static const std::vector<Library> list = {
      plain_loops(),
#ifdef EINX_BENCH_ONEDNN
      onednn(),
#endif
#ifdef EINX_BENCH_OPENBLAS
      openblas(),
#endif
#ifdef EINX_BENCH_EIGEN
      eigen(),
#endif
#ifdef EINX_BENCH_XTENSOR
      xtensor(),
#endif
#ifdef EINX_BENCH_XSMM
      xsmm(),
#endif
  };
  return list;
}

void set_threads(int threads) {
  for (const Library& library : libraries())
    if (library.set_threads) library.set_threads(threads);
}

}  // namespace bench::peers
