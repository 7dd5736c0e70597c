// What a verification found, for people and for programs.
#pragma once

#include <ostream>
#include <vector>

#include "backup/verify.h"
#include "base/json.h"

namespace lifeboat::cli {

// The whole document. Results are under "path" for a file, under "id" for a backup; what was not
// read is null.
base::Json to_json(const std::vector<backup::VerifyResult>& results, bool is_file);

// A line for the backup or file; below it what is wrong, or what the snapshot holds.
void print_result(std::ostream& out, const backup::VerifyResult& result);

}  // namespace lifeboat::cli
