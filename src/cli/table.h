// Plain aligned columns for people.
#pragma once

#include <ostream>
#include <string>
#include <vector>

namespace lifeboat::cli {

class Table {
 public:
  enum class Align { kLeft, kRight };
  struct Column {
    std::string title;
    Align align = Align::kLeft;
  };

  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  // As many cells as there are columns. Control characters are made visible.
  void add_row(std::vector<std::string> cells);
  // Titles first; two blanks between columns, none at the ends of lines.
  void print(std::ostream& out) const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace lifeboat::cli
