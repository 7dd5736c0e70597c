// What belongs to no single command: `lifeboat help vault`, and a section of the manual page.
#pragma once

#include <span>
#include <string_view>

namespace lifeboat::cli {

struct Topic {
  std::string_view name;     // may be that of a command, whose help it then follows
  std::string_view summary;  // one line for the list of topics
  // Paragraphs, an empty line between them. One that begins with two blanks is printed as it is.
  std::string_view text;
};

std::span<const Topic> all_topics();

// nullptr: there is none of that name.
const Topic* find_topic(std::string_view name);

}  // namespace lifeboat::cli
