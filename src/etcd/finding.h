// What is wrong with a database, as a list that does not grow without end.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace lifeboat::etcd {

struct Finding {
  std::string check;    // "pages", "records", ...
  std::string where;    // "page 17", "revision 352.2", "bucket lease"
  std::string message;  // what is wrong, in a sentence
};

// Keeps the first `limit` findings and counts the rest.
class Findings {
 public:
  static constexpr std::size_t kLimit = 100;

  void add(Finding finding) {
    ++total_;
    if (kept_.size() < kLimit) kept_.push_back(std::move(finding));
  }

  const std::vector<Finding>& kept() const { return kept_; }
  std::uint64_t total() const { return total_; }

 private:
  std::vector<Finding> kept_;
  std::uint64_t total_ = 0;
};

}  // namespace lifeboat::etcd
