// The one exception type of this program.
//
// A message is one line: what failed, on what, why. A hint is one more line: what the operator
// does about it. Neither ever holds a secret.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace lifeboat::base {

// Closed set. A code exists only because some caller acts on it: it decides the exit status, and
// kUnavailable is the only one that is worth another attempt.
enum class Code {
  kInvalid,      // what the caller asked for makes no sense
  kNotFound,     // the thing that was named is not there
  kExists,       // the thing to be made is there already
  kCorrupt,      // the bytes are not what they should be
  kUnsupported,  // valid, but made by or for a version that this program does not know
  kDenied,       // permission or credentials
  kUnavailable,  // the other side does not answer, or not now
  kNoSpace,      // the disk or the quota is full
  kIo,           // any other failure of storage
  kBusy,         // somebody else holds the lock
  kCancelled,    // this program was asked to stop
};

// The code in one word, such as "not_found".
std::string_view code_name(Code code);

class Error : public std::runtime_error {
 public:
  explicit Error(Code code, const std::string& message, std::string hint = {})
      : std::runtime_error(message), code_(code), hint_(std::move(hint)) {}

  Code code() const { return code_; }
  // Empty when there is nothing useful to advise.
  const std::string& hint() const { return hint_; }

  // The same error, its message led by `where` and a colon. For the one place that knows the
  // context (a path, a page), not for every frame on the way up.
  Error with_context(std::string_view where) const;

 private:
  Code code_;
  std::string hint_;
};

// Ends the process after naming the broken assumption. For our own bugs only: no input reaches it.
[[noreturn]] void check_failed(const char* expression, const char* file, int line);

}  // namespace lifeboat::base

// Stays on in release builds.
#define LIFEBOAT_CHECK(condition) \
  ((condition) ? void(0) : ::lifeboat::base::check_failed(#condition, __FILE__, __LINE__))
