// The XML in which S3 and STS answer, as much of it as they use: elements, text, references.
// Attributes and name space prefixes are passed over; a document type is refused.
//
// Trusts nothing: any bytes give a tree or an Error kCorrupt; depth and number of elements are
// bounded.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lifeboat::store {

struct XmlElement {
  std::string name;
  std::string text;  // directly in it, references resolved; blanks between elements included
  std::vector<XmlElement> children;

  // The first child of that name, nullptr if there is none. Borrowed.
  const XmlElement* find(std::string_view child) const;
  // The text of the first child of that name, "" if there is none.
  std::string text_of(std::string_view child) const;
};

XmlElement parse_xml(std::string_view text);

// `text` as it stands between tags.
std::string escape_xml(std::string_view text);

}  // namespace lifeboat::store
