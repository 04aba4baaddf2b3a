/* What generated code (and the library) calls by absolute symbol. C ABI, no exceptions, includes nothing of ours. */
#pragma once
#include <stddef.h>
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif

/* What a kernel reports when it stops early. code 0: fine. The first failing thread wins. */
typedef struct einx_status {
  int32_t code;      /* einx_status_code */
  int32_t operand;   /* which operand of the graph held the bad value */
  int32_t axis;      /* which indexed axis of the tensor, counted among its bracketed axes */
  int32_t reserved;
  int64_t value;     /* the coordinate as given */
  int64_t extent;    /* the size of the axis */
  int64_t position;  /* row-major position of the coordinate in its own operand, in elements from its first one; -1 unknown */
} einx_status;
enum einx_status_code { EINX_OK = 0, EINX_INDEX_OUT_OF_RANGE = 1, EINX_OUT_OF_MEMORY = 2 };

/* 64-byte aligned memory from a bounded pool of recycled buffers (EINX_POOL_BYTES); huge pages for large sizes. NULL without memory. */
void* einx_rt_allocate(int64_t bytes);
void einx_rt_free(void* data, int64_t bytes);
void einx_rt_trim(void);             /* gives all recycled buffers back to the system */
int64_t einx_rt_pooled_bytes(void);

/* Calls body(context, begin, end) on disjoint ranges that cover [0, count), in parts of at most `grain`, on OpenMP's threads.
   Which indices form a part depends on count and grain only, never on the number of threads. */
typedef void (*einx_rt_body)(void* context, int64_t begin, int64_t end);
void einx_rt_parallel_for(int64_t count, int64_t grain, einx_rt_body body, void* context);
int32_t einx_rt_threads(void);
void einx_rt_set_threads(int32_t threads); /* 0: OpenMP's own choice */

/* c[mo[i] + no[j]] = sum_k a[ma[i] + ka[k]] * b[kb[k] + nb[j]], offsets in elements, computed per batch entry. c is overwritten
   (zeros if k is 0) and must not overlap a or b. The same bits for every number of threads.
   The micro-kernel was generated for one tile of mr x nr and knows the strides of what it is given:
     a       panels as `a_panel` says;
     b       always packed: b[k][nr];
     c       c itself, its rows a constant distance apart (`c_direct`), or tile[mr][nr], row-major, which is copied from and to c.
   parameters: 0 the depth k; 1 and 2 are 1, 0 to overwrite the tile and 0, 1 to add to it. The last rows and columns of c overlap the tile before
   theirs, so that every tile is whole: a direct a needs m >= mr, a direct c also n >= nr. */
typedef void (*einx_rt_microkernel)(const void* a, const void* b, void* c, const int64_t* parameters);
enum einx_rt_a_panel {
  EINX_A_DIRECT = 0, /* a itself: rows and depths a constant distance apart */
  EINX_A_LINES = 1,  /* rows copied next to each other, `a_line` elements apart */
  EINX_A_DEPTHS = 2  /* a[k][mr] */
};
typedef struct einx_rt_matmul_plan {
  int64_t batch, m, n, k;
  const int64_t *batch_a, *batch_b, *batch_c; /* offset of each batch entry */
  const int64_t *m_a, *k_a;                   /* offsets of rows and columns of a */
  const int64_t *k_b, *n_b;
  const int64_t *m_c, *n_c;
  int32_t element_bytes;                      /* 4 or 8 */
  int32_t mr, nr;                             /* the micro-kernel's tile, at most 4096 elements; panels and tile are 64-byte aligned
                                                 where mr and nr allow it */
  int32_t parallel;                           /* 0: on the calling thread only */
  int32_t a_panel;                            /* einx_rt_a_panel */
  int32_t c_direct;
  int32_t streams;                            /* the micro-kernel stores past the caches: a fence is needed */
  int64_t a_line;
  int64_t kc;                                 /* depth that is multiplied at a time */
  int64_t mc, nc;                             /* rows of a and columns of b that stay in a cache, multiples of mr and nr */
  int64_t row_parts, column_parts;            /* what an entry is cut into for threads: at least two tiles each, or 1 */
  int64_t grain;                              /* such parts that one thread takes at a time */
  einx_rt_microkernel kernel;
} einx_rt_matmul_plan;
/* Returns an einx_status_code. */
int32_t einx_rt_matmul(const einx_rt_matmul_plan* plan, const void* a, const void* b, void* c);

/* Sorts rows of `length` elements: ascending, stable, nan last (whatever its sign), -0 equal to 0; elements keep their bits. There is a row for every
   index of the kept axes; strides are in elements. from and to do not overlap. The same bits for every number of threads. */
enum einx_sort_kind { EINX_SORT_UNSIGNED = 0, EINX_SORT_SIGNED = 1, EINX_SORT_FLOAT = 2, EINX_SORT_BFLOAT = 3 };
typedef struct einx_rt_sort_plan {
  int32_t kind;          /* einx_sort_kind of the elements; bool is unsigned, FLOAT is IEEE, BFLOAT has 2 bytes */
  int32_t element_bytes; /* 1, 2, 4 or 8 (FLOAT: not 1) */
  int32_t positions;     /* not 0: `to` gets int64_t positions within the row instead of the elements */
  int32_t rank;          /* number of kept axes */
  const int64_t *extents, *from_strides, *to_strides; /* of the kept axes */
  int64_t length, from_stride, to_stride;             /* of the sorted axis */
} einx_rt_sort_plan;
/* Returns an einx_status_code. */
int32_t einx_rt_sort(const einx_rt_sort_plan* plan, const void* from, void* to);

#ifdef __cplusplus
}
#endif
