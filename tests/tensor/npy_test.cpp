#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <random>

#include "support/support.h"
#include "tensor/tensor.h"

using namespace einx;

namespace {

/// A file that goes away with the test.
struct TemporaryFile {
  std::string path =
      (std::filesystem::temp_directory_path() / ("einx_npy_test_" + std::to_string(getpid()) + ".npy"))
          .string();
  explicit TemporaryFile(const std::string& content = "") {
    std::ofstream(path, std::ios::binary) << content;
  }
  ~TemporaryFile() { std::filesystem::remove(path); }
};

std::string file_of(const std::string& header, const std::string& data, char version = 1) {
  std::string text = "\x93NUMPY";
  text += {version, '\0', char(header.size() & 0xff), char(header.size() >> 8)};
  if (version > 1) text += std::string(2, '\0');
  return text + header + data;
}

std::string dict(const std::string& descr, const std::string& order, const std::string& shape) {
  return "{'descr': '" + descr + "', 'fortran_order': " + order + ", 'shape': " + shape + ", }\n";
}

std::string outcome(const std::string& content) {
  const TemporaryFile file(content);
  try {
    return load_npy(file.path).to_string();
  } catch (const ValueError& error) {
    CHECK(error.kind() == "bad-file");
    CHECK(std::string(error.what()).find(file.path) != std::string::npos);
    return "bad-file";
  }
}

struct Row {
  const char* title;
  std::string content, expected;
};

const std::string kTwoFloats{"\0\0\x80\x3f\0\0\0\x40", 8};  // 1, 2

const Row kRows[] = {
    {"little endian", file_of(dict("<f4", "False", "(2,)"), kTwoFloats), "f32[2] [1, 2]"},
    {"version 2", file_of(dict("<f4", "False", "(2,)"), kTwoFloats, 2), "f32[2] [1, 2]"},
    {"version 3", file_of(dict("<f4", "False", "(2,)"), kTwoFloats, 3), "f32[2] [1, 2]"},
    {"big endian", file_of(dict(">i2", "False", "(2,)"), std::string("\0\x01\x01\0", 4)), "i16[2] [1, 256]"},
    {"fortran order", file_of(dict("|u1", "True", "(2, 3)"), "\x01\x02\x03\x04\x05\x06"),
     "u8[2, 3] [[1, 3, 5], [2, 4, 6]]"},
    {"any byte is a bool", file_of(dict("|b1", "False", "(3,)"), std::string("\0\x02\x01", 3)),
     "bool[3] [false, true, true]"},
    {"rank 0", file_of(dict("<i4", "False", "()"), std::string("\x07\0\0\0", 4)), "i32[] 7"},
    {"empty", file_of(dict("<f8", "False", "(0, 5)"), ""), "f64[0, 5] []"},
    {"empty beside a huge axis", file_of(dict("<f8", "False", "(0, 9223372036854775807, 9)"), ""),
     "f64[0, 9223372036854775807, 9] []"},
    {"other spacing, order and quotes",
     file_of("{\"shape\":(1,2),\"descr\":\"<f4\",\"fortran_order\":False}", kTwoFloats),
     "f32[1, 2] [[1, 2]]"},
    {"long integers of Python 2", file_of(dict("<f4", "False", "(2L,)"), kTwoFloats), "f32[2] [1, 2]"},
    {"more bytes than announced", file_of(dict("<f4", "False", "(1,)"), kTwoFloats), "f32[1] [1]"},

    {"no bytes", "", "bad-file"},
    {"only the magic", "\x93NUMPY", "bad-file"},
    {"another magic", "PK\x03\x04 0123456789", "bad-file"},
    {"version 4", file_of(dict("<f4", "False", "(2,)"), kTwoFloats, 4), "bad-file"},
    {"too few bytes", file_of(dict("<f4", "False", "(3,)"), kTwoFloats), "bad-file"},
    {"a huge shape", file_of(dict("<f4", "False", "(4611686018427387904, 4)"), kTwoFloats), "bad-file"},
    {"a size beyond 64 bits", file_of(dict("<f4", "False", "(99999999999999999999,)"), kTwoFloats),
     "bad-file"},
    {"a negative size", file_of(dict("<f4", "False", "(-2,)"), kTwoFloats), "bad-file"},
    {"a shape that is no tuple", file_of(dict("<f4", "False", "2"), kTwoFloats), "bad-file"},
    {"an unclosed shape", file_of(dict("<f4", "False", "(2"), kTwoFloats), "bad-file"},
    {"too many axes",
     file_of(dict(
                 "|i1", "False",
                 "(" +
                     [] {
                       std::string s;
                       for (int i = 0; i < 65; ++i) s += "1,";
                       return s;
                     }() +
                     ")"),
             "x"),
     "bad-file"},
    {"complex", file_of(dict("<c8", "False", "(1,)"), kTwoFloats), "bad-file"},
    {"a struct", file_of("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,)}", kTwoFloats),
     "bad-file"},
    {"an object array", file_of(dict("|O", "False", "(1,)"), kTwoFloats), "bad-file"},
    {"an odd order", file_of(dict("<f4", "Maybe", "(2,)"), kTwoFloats), "bad-file"},
    {"a missing key", file_of("{'descr': '<f4', 'shape': (2,)}", kTwoFloats), "bad-file"},
    {"a repeated key",
     file_of("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2,)}", kTwoFloats),
     "bad-file"},
    {"an unknown key",
     file_of("{'descr': '<f4', 'other': 1, 'fortran_order': False, 'shape': (2,)}", kTwoFloats), "bad-file"},
    {"text after the dict", file_of(dict("<f4", "False", "(2,)") + "x", kTwoFloats), "bad-file"},
    {"a header longer than the file", std::string("\x93NUMPY\x01\0\xff\xff{}", 12), "bad-file"},
    {"a header of 4 GiB", std::string("\x93NUMPY\x02\0\xff\xff\xff\xff{}", 14), "bad-file"},
};

}  // namespace

TEST_CASE("files are read, or refused with a reason") {
  for (const Row& row : kRows) {
    CAPTURE(row.title);
    CHECK(outcome(row.content) == row.expected);
  }
  for (const char* path : {"/no/such/file.npy", "/tmp", "/dev/zero", ""})
    CHECK_THROWS_AS(load_npy(path), const ValueError&);
}

TEST_CASE("every dtype survives writing and reading, strides become row-major") {
  const TemporaryFile file;
  for (int d = 0; d <= int(DType::f64); ++d) {
    const Tensor tensor = Tensor::iota({2, 3}, DType(d)).permuted({1, 0});
    save_npy(file.path, tensor);
    const Tensor loaded = load_npy(file.path);
    CHECK(loaded.dtype() == DType(d));
    CHECK(loaded.contiguous());
    CHECK(loaded.to_string() == tensor.to_string());
    CHECK(std::filesystem::file_size(file.path) % 64 ==
          6 * size_of(DType(d)) % 64);  // the data start at a multiple of 64
  }
  save_npy(file.path, Tensor::scalar(2.5f));
  CHECK(load_npy(file.path).to_string() == "f32[] 2.5");
  CHECK_THROWS_AS(save_npy("/no/such/folder/x.npy", Tensor::zeros({1})), const ValueError&);
  CHECK_THROWS_AS(save_npy(file.path, Tensor()), const ValueError&);
}

TEST_CASE("damaged files are never worse than an error") {
  const std::string good = file_of(dict("<f4", "False", "(2,)"), kTwoFloats);
  std::mt19937 random(5);
  for (int i = 0; i < 2000; ++i) {
    std::string damaged = good;
    for (unsigned n = random() % 4 + 1; n > 0; --n) damaged[random() % damaged.size()] = char(random());
    if (random() % 4 == 0) damaged.resize(random() % damaged.size());
    CHECK_FALSE(outcome(damaged).empty());
  }
}
