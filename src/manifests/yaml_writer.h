// Writes a value as YAML, in one form: block style, two blanks a level, comments where asked.
//
// What is written reads back as the same value in YAML 1.1 (Kubernetes, Python) and 1.2: a string
// is left plain only if no reader could take it for anything else. Total: any text comes out as
// YAML that is that text and nothing more.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/json.h"

namespace lifeboat::manifests {

// Text by place. The place is a JSON pointer (RFC 6901), "" for the whole; the text stands above
// what is there, as comment lines.
using Comments = std::map<std::string, std::string>;

// `value` is an object or an array. Ends in a line break.
std::string write_yaml(const base::Json& value, const Comments& comments = {});

// A string as one line: plain, in single quotes where that saves escapes, or in double quotes.
std::string yaml_scalar(std::string_view text);

// `text` as comment lines, wrapped, each after `indent` blanks. A line break in it begins a new
// line.
std::string yaml_comment(std::string_view text, std::size_t indent = 0);

// The pointer to the member `name` of what `pointer` points to.
std::string pointer_to(std::string_view pointer, std::string_view name);

// The same comments for a value that now stands at `pointer`.
Comments moved_to(std::string_view pointer, const Comments& comments);

}  // namespace lifeboat::manifests
