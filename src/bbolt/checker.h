// Walks a whole bbolt file once, checks every invariant of its pages and shows every item.
//
// What is checked is what bbolt's own `tx.Check` does (each page reached once or free, none beyond
// the end, key order within pages and across the tree, page ids and types) and what it leaves to
// panics: bounds, alignment of runs, both meta pages, a stored freelist, inline buckets. Paper:
// docs/formats/bbolt.md.
#pragma once

#include <stop_token>
#include <string>

#include "base/bytes.h"
#include "bbolt/database.h"

namespace lifeboat::bbolt {

// kBackward shows every bucket's items from its last to its first, and the buckets likewise.
enum class Direction { kForward, kBackward };

struct Problem {
  std::string where;    // "page 17", "bucket key"
  std::string message;  // what is wrong
};

class Visitor {
 public:
  virtual ~Visitor() = default;

  // A top-level bucket begins. Borrowed for the call, as everything below.
  virtual void bucket(base::Bytes /*name*/) {}

  // An item of the bucket that began last. Nested buckets are walked but not shown.
  virtual void item(base::Bytes key, base::Bytes value) = 0;

  // Something is wrong. The walk goes on beside it; a visitor that wants no more throws.
  virtual void problem(const Problem& problem) = 0;
};

// Memory: one bit a page and the branches above the page at hand. Throws what the visitor and the
// file throw, and kCancelled on `stop`.
void check_database(Database& database, Direction direction, Visitor& visitor,
                    std::stop_token stop);

}  // namespace lifeboat::bbolt
