// JSON (RFC 8259) as a small value type: what the catalog and every `-o json` are made of.
//
// Objects keep the order in which their members were set, so that documents read as their paper
// does. Numbers are 64-bit integers or doubles, told apart by how they were written.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace lifeboat::base {

class Json {
 public:
  using Array = std::vector<Json>;
  using Member = std::pair<std::string, Json>;
  using Object = std::vector<Member>;

  Json() : value_(nullptr) {}
  Json(bool value) : value_(value) {}
  Json(std::int64_t value) : value_(value) {}
  Json(std::uint64_t value) : value_(value) {}
  Json(int value) : value_(static_cast<std::int64_t>(value)) {}
  Json(double value) : value_(value) {}
  Json(std::string value) : value_(std::move(value)) {}
  Json(std::string_view value) : value_(std::string(value)) {}
  Json(const char* value) : value_(std::string(value)) {}
  Json(Array value) : value_(std::move(value)) {}
  // No name may be in it twice.
  Json(Object value) : value_(std::move(value)) {}

  static Json array() { return Json(Array{}); }
  static Json object() { return Json(Object{}); }
  static Json strings(const std::vector<std::string>& texts);

  // Total: any bytes in, a value or Error kCorrupt out. Refuses nesting deeper than 64, duplicate
  // member names and text that is not UTF-8.
  static Json parse(std::string_view text);

  // `indent` spaces a level, one line when it is 0. Bytes that are not UTF-8 become U+FFFD.
  std::string dump(int indent = 2) const;

  // Sets a member of an object, at its end if it is new. The value must be an object.
  Json& set(std::string_view name, Json value);
  // Appends to an array. The value must be an array.
  Json& push(Json value);

  // The member, borrowed until this object changes; nullptr if absent or this is no object.
  const Json* find(std::string_view name) const;

  bool is_null() const { return std::holds_alternative<std::nullptr_t>(value_); }

  // What the value is, or nullopt if it is of another type or does not fit.
  std::optional<bool> as_bool() const;
  std::optional<std::int64_t> as_int() const;
  std::optional<std::uint64_t> as_uint() const;
  std::optional<double> as_double() const;
  const std::string* as_string() const { return std::get_if<std::string>(&value_); }
  const Array* as_array() const { return std::get_if<Array>(&value_); }
  const Object* as_object() const { return std::get_if<Object>(&value_); }

 private:
  std::variant<std::nullptr_t, bool, std::int64_t, std::uint64_t, double, std::string, Array,
               Object>
      value_;
};

}  // namespace lifeboat::base
