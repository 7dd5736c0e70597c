// What an S3 server's refusal means, as functions over values.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace lifeboat::store {

struct S3Refusal {
  unsigned status = 0;
  std::string code = {};     // S3's word for it, such as "NoSuchKey"; empty where there is no body
  std::string message = {};  // the server's own, for people
};

// Reads an answer's body. One that says nothing of the kind gives a refusal without code.
S3Refusal read_refusal(unsigned status, std::string_view body);

// Whether the same request may succeed a little later: the server is overloaded or broken for the
// moment, and says that nothing is wrong with the request.
bool is_worth_another_attempt(const S3Refusal& refusal);

// Whether other credentials may help: those that were used have run out, or were replaced. The
// answer to a HEAD has no body and so can't say that it is this: then it may be.
bool may_be_expired(const S3Refusal& refusal);

// `what` is the request: "PUT s3://bucket/key".
base::Error explain_refusal(const std::string& what, const S3Refusal& refusal);

}  // namespace lifeboat::store
