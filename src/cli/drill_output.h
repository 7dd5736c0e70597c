// What a drill leaves for people: the page on standard output, and the files that they ask for.
#pragma once

#include <ostream>
#include <string>

#include "backup/drill_report.h"
#include "os/fs.h"

namespace lifeboat::cli {

void print_drill(std::ostream& out, const backup::DrillReport& report);

// Throws kInvalid unless `path` ends in .json or .html and its folder is there: to be known before
// an hour of work, not after.
void check_report_file(const std::string& path, os::FileSystem& fs);

// The files that `report` names, each in the form that its end says.
void write_reports(const backup::DrillReport& report, os::FileSystem& fs);

}  // namespace lifeboat::cli
