// What is told of a drill: a JSON document for programs, and an HTML page that can be handed to an
// auditor: one file, no script, nothing loaded from elsewhere. Pure functions.
#pragma once

#include <string>
#include <vector>

#include "backup/drill.h"
#include "base/json.h"

namespace lifeboat::backup {

struct DrillReport {
  DrillResult result;
  std::string cluster;       // empty for a file
  std::string tool_version;  // of this program
  std::string node;          // where it ran; may be empty
  // Where this is kept: files that the user named, and the name in the vault; "" for none.
  std::vector<std::string> report_files;
  std::string record;
  std::vector<std::string> warnings;  // what keeps the drill from being done with
};

base::Json to_json(const DrillReport& report);

// Everything in it that comes from outside is escaped.
std::string to_html(const DrillReport& report);

}  // namespace lifeboat::backup
