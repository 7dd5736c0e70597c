// Path text, without asking the disk.
#pragma once

#include <string>
#include <string_view>

namespace lifeboat::os {

// "a" and "b" give "a/b"; a slash at the end of `folder` is not doubled. "" and "b" give "b": the
// empty folder is where relative paths begin.
std::string join_path(std::string_view folder, std::string_view name);

// The same path from anywhere: with `folder`, where a relative one begins, before it. "./" goes,
// ".." stays, since only the disk knows what is above a link.
std::string absolute_path(std::string_view folder, std::string_view path);

// "a/b/c" gives "a/b"; "/a" gives "/"; "a" gives ".".
std::string parent_path(std::string_view path);

// "a/b/c" gives "c".
std::string base_name(std::string_view path);

}  // namespace lifeboat::os
