// What became of one backup, for people and for programs.
#pragma once

#include <ostream>

#include "backup/deliver.h"
#include "base/json.h"

namespace lifeboat::cli {

// The whole document; "backup" and "pruned" are of the first vault that has it.
base::Json to_json(const backup::DeliverResult& result);

// A line for each fact, and some for each vault where there are several.
void print_summary(std::ostream& out, const backup::DeliverResult& result);

}  // namespace lifeboat::cli
