// What a verification found, for people and for programs.
#pragma once

#include <ostream>

#include "backup/verify.h"
#include "base/json.h"

namespace lifeboat::cli {

// One element of `results`: under "path" for a file, under "id" for a backup. What was not read is
// null.
base::Json to_json(const backup::VerifyResult& result, bool is_file);

// A line for the backup or file; below it what is wrong, or what the snapshot holds.
void print_result(std::ostream& out, const backup::VerifyResult& result);

}  // namespace lifeboat::cli
