// Backups as people read them, and JSON documents.
#pragma once

#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/time.h"
#include "vault/drill_record.h"
#include "vault/vault.h"

namespace lifeboat::cli {

// The whole document of a run, with a line break at its end.
void print_json(std::ostream& out, const base::Json& document);

// The catalog with "pinned" added.
base::Json to_json(const vault::StoredBackup& backup);

// A backup with its newest drill, if there was one.
struct ListedBackup {
  vault::StoredBackup backup;
  std::optional<vault::DrillRecord> drill;
};

// The catalog with "pinned" and "drilled" added.
base::Json to_json(const ListedBackup& listed);

// The table of `list`. A column for the cluster appears where there are several.
void print_list(std::ostream& out, const std::vector<ListedBackup>& backups, base::TimePoint now);

// The page of `show`.
void print_details(std::ostream& out, const vault::StoredBackup& backup);

// Aligned lines of a name and a value, indented. Values are made fit for a terminal.
using Fields = std::vector<std::pair<std::string, std::string>>;
void print_fields(std::ostream& out, const Fields& fields, std::string_view indent = "");

// How long ago, in words as short as "3h 2m". A time to come, from a clock that was wrong once, is
// "in 5m 0s".
std::string age(base::TimePoint time, base::TimePoint now);

}  // namespace lifeboat::cli
