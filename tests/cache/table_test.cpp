// The table on one thread: hits, capacities and their order, entries that outlive their place.
#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "cache/keys.h"

namespace {

using namespace cache_test;
using cache::Table;

/// Plays a script on a table: "a" looks up or makes a, "?a" only looks up, "=n" sets the capacity, "!"
/// clears. Answers a letter a step: h hit, m made, - not there, . done.
std::string play(Table& table, const std::vector<std::string>& script) {
  std::string answer;
  for (const std::string& step : script) {
    if (step[0] == '=') {
      table.set_capacity(std::stoi(step.substr(1)));
      answer += '.';
    } else if (step[0] == '!') {
      table.clear();
      answer += '.';
    } else if (step[0] == '?') {
      answer += table.find(Key(step.substr(1))) ? 'h' : '-';
    } else {
      char how = 'h';
      table.find_or_make(Key(step), [&] {
        how = 'm';
        return entry(1);
      });
      answer += how;
    }
  }
  return answer;
}

TEST_CASE("what is kept, by capacity") {
  const struct {
    const char* what;
    int capacity, hard_cap;
    std::vector<std::string> script;
    const char* expected;
  } rows[] = {
      {"unbounded keeps all", -1, 100, {"a", "b", "c", "a", "b", "c"}, "mmmhhh"},
      {"0 keeps nothing", 0, 100, {"a", "a", "?a"}, "mm-"},
      {"1 keeps the last", 1, 100, {"a", "a", "b", "a"}, "mhmm"},
      {"the least recently used goes", 2, 100, {"a", "b", "a", "c", "?b", "?a", "?c"}, "mmhm-hh"},
      {"a plain look-up is a use too", 2, 100, {"a", "b", "?a", "c", "?b", "?a"}, "mmhm-h"},
      {"in the order of use, not of making",
       3,
       100,
       {"a", "b", "c", "b", "a", "d", "?c", "e", "?b", "?a", "?d", "?e"},
       "mmmhhm-m-hhh"},
      {"the hard cap bounds the unbounded", -1, 2, {"a", "b", "c", "?a", "?b", "?c"}, "mmm-hh"},
      {"the hard cap bounds a larger capacity", 5, 2, {"a", "b", "c", "?a", "?b", "?c"}, "mmm-hh"},
      {"shrinking drops the oldest", -1, 100, {"a", "b", "c", "=1", "?a", "?b", "?c"}, "mmm.--h"},
      {"shrinking to 0 drops all", 4, 100, {"a", "b", "=0", "?a", "?b", "a", "a"}, "mm.--mm"},
      {"growing forgets nothing", 1, 100, {"a", "=2", "b", "?a", "?b"}, "m.mhh"},
      {"clear forgets all", -1, 100, {"a", "b", "!", "?a", "?b", "a"}, "mm.--m"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    Table table(row.capacity, row.hard_cap);
    CHECK(play(table, row.script) == row.expected);
  }
}

TEST_CASE("counters") {
  Table table(2, 100);
  play(table, {"a", "a", "?a", "?x", "b", "c"});
  CHECK_THROWS_AS(table.find_or_make(Key("bad"), []() -> Table::Entry { throw std::runtime_error("no"); }),
                  std::runtime_error);
  const cache::Stats stats = table.stats();
  CHECK(stats.hits == 2);
  CHECK(stats.misses == 4);
  CHECK(stats.compiled == 3);
  CHECK(stats.failed == 1);
  CHECK(stats.waited == 0);
  CHECK(stats.evicted == 1);
  CHECK(stats.live == 2);
}

TEST_CASE("keys whose hashes collide are told apart by their bytes") {
  Table table(-1, 100);
  const cache::KeyView one{"one", 42}, two{"two", 42};
  CHECK(value(table.find_or_make(one, [] { return entry(1); })) == 1);
  CHECK(value(table.find_or_make(two, [] { return entry(2); })) == 2);
  CHECK(value(table.find(one)) == 1);
  CHECK(value(table.find(two)) == 2);
  CHECK(table.find({"three", 42}) == nullptr);
}

TEST_CASE("the table keeps the key's bytes itself") {
  Table table(-1, 1000);
  for (int i = 0; i < 500; ++i)
    table.find_or_make(Key("pattern " + std::to_string(i)), [i] { return entry(i); });
  for (int i = 0; i < 500; ++i) CHECK(value(table.find(Key("pattern " + std::to_string(i)))) == i);
}

TEST_CASE("an entry lives until its last user lets go") {
  Table table(1, 100);
  Table::Entry held = table.find_or_make(Key("a"), [] { return entry(7); });
  const std::weak_ptr<const void> watch = held;
  table.find_or_make(Key("b"), [] { return entry(8); });
  CHECK(table.find(Key("a")) == nullptr);
  CHECK(value(held) == 7);
  held.reset();
  CHECK(watch.expired());
}

/// Uses the table when it dies, as a kernel's destructor may.
struct UsesTable {
  Table* table;
  int* seen;
  ~UsesTable() {
    *seen += table->find(Key("survivor")) != nullptr;
    *seen += table->stats().live > 0;
  }
};

TEST_CASE("entries are destroyed while no lock is held") {
  Table table(2, 100);
  int seen = 0;
  table.find_or_make(Key("victim"), [&] {
    return std::make_shared<const UsesTable>(UsesTable{&table, &seen});
  });
  seen = 0;  // the temporary above has died once
  table.find_or_make(Key("survivor"), [] { return entry(1); });
  table.find_or_make(Key("other"), [] { return entry(2); });
  CHECK(seen == 2);
  table.find_or_make(Key("victim"), [&] {
    return std::make_shared<const UsesTable>(UsesTable{&table, &seen});
  });
  seen = 0;
  table.clear();
  CHECK(seen == 0);  // ran, and found an empty table
}

TEST_CASE("a failed make leaves nothing behind") {
  Table table(-1, 100);
  CHECK_THROWS_WITH(table.find_or_make(Key("a"), []() -> Table::Entry { throw std::runtime_error("first"); }),
                    "first");
  CHECK(table.stats().live == 0);
  CHECK(value(table.find_or_make(Key("a"), [] { return entry(5); })) == 5);
  CHECK_THROWS_AS(table.find_or_make(Key("null"), [] { return Table::Entry(); }), einx::InternalError);
}

TEST_CASE("a make may use the table for other keys, never for its own") {
  Table table(-1, 100);
  const auto inner = [&] { return table.find_or_make(Key("inner"), [] { return entry(3); }); };
  CHECK(value(table.find_or_make(Key("outer"), inner)) == 3);
  CHECK(value(table.find(Key("inner"))) == 3);
  const std::function<Table::Entry()> endless = [&] { return table.find_or_make(Key("endless"), endless); };
  CHECK_THROWS_AS(table.find_or_make(Key("endless"), endless), einx::InternalError);
  const std::function<Table::Entry()> ping = [&] {
    return table.find_or_make(Key("pong"), [&] { return table.find_or_make(Key("ping"), ping); });
  };
  CHECK_THROWS_AS(table.find_or_make(Key("ping"), ping), einx::InternalError);
  CHECK(table.stats().live == 2);
}

TEST_CASE("the process has one table") {
  CHECK(&cache::signatures() == &cache::signatures());
  CHECK(value(cache::signatures().find_or_make(Key("process"), [] { return entry(4); })) == 4);
}

}  // namespace
