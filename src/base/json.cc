#include "base/json.h"

#include <limits>
#include <nlohmann/json.hpp>
#include <unordered_set>

#include "base/error.h"
#include "base/text.h"

namespace lifeboat::base {
namespace {

using Ordered = nlohmann::ordered_json;

// Builds a Json from the library's parse events, so that depth and duplicate names are refused
// while reading and not after a whole tree was built.
class Builder : public nlohmann::json_sax<Ordered> {
 public:
  bool null() override { return put(Json()); }
  bool boolean(bool value) override { return put(Json(value)); }
  bool number_integer(std::int64_t value) override { return put(Json(value)); }
  bool number_unsigned(std::uint64_t value) override { return put(Json(value)); }
  bool number_float(double value, const std::string&) override { return put(Json(value)); }
  bool string(std::string& value) override { return put(Json(std::move(value))); }
  bool binary(Ordered::binary_t&) override { return fail("binary data"); }
  bool start_object(std::size_t) override { return open(false); }
  bool start_array(std::size_t) override { return open(true); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(std::string& name) override {
    if (!open_.back().names.insert(name).second) {
      return fail(cat("duplicate name \"", printable(name), "\""));
    }
    open_.back().name = std::move(name);
    return true;
  }

  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception&) override {
    return fail(cat("syntax error at byte ", position));
  }

  const std::string& problem() const { return problem_; }
  Json take() { return std::move(result_); }

 private:
  // An object or array whose end is yet to come.
  struct Level {
    bool is_array = false;
    Json::Array elements;
    Json::Object members;
    // Looked up by hash: a hostile document has members enough to make anything slower count.
    std::unordered_set<std::string> names;
    std::string name;  // of the member whose value comes next
  };
  static constexpr std::size_t kDepthMax = 64;

  bool open(bool is_array) {
    if (open_.size() == kDepthMax) return fail("nested too deep");
    open_.emplace_back().is_array = is_array;
    return true;
  }

  bool close() {
    Level done = std::move(open_.back());
    open_.pop_back();
    return put(done.is_array ? Json(std::move(done.elements)) : Json(std::move(done.members)));
  }

  bool put(Json value) {
    if (open_.empty()) {
      result_ = std::move(value);
    } else if (open_.back().is_array) {
      open_.back().elements.push_back(std::move(value));
    } else {
      open_.back().members.emplace_back(std::move(open_.back().name), std::move(value));
    }
    return true;
  }

  bool fail(std::string problem) {
    if (problem_.empty()) problem_ = std::move(problem);
    return false;
  }

  std::vector<Level> open_;
  Json result_;
  std::string problem_;
};

Ordered to_library(const Json& value) {
  if (const auto* object = value.as_object()) {
    Ordered result = Ordered::object();
    // Appended as to a vector, without the look-up that operator[] makes of every name.
    auto& members = result.get_ref<Ordered::object_t&>();
    for (const auto& [name, member] : *object) members.emplace_back(name, to_library(member));
    return result;
  }
  if (const auto* array = value.as_array()) {
    Ordered result = Ordered::array();
    for (const Json& element : *array) result.push_back(to_library(element));
    return result;
  }
  if (const auto* text = value.as_string()) return *text;
  if (const auto flag = value.as_bool()) return *flag;
  if (const auto number = value.as_int()) return *number;
  if (const auto number = value.as_uint()) return *number;
  if (const auto number = value.as_double()) return *number;
  return nullptr;
}

}  // namespace

Json Json::strings(const std::vector<std::string>& texts) {
  Array array;
  for (const std::string& text : texts) array.emplace_back(text);
  return array;
}

Json Json::parse(std::string_view text) {
  // The library takes a NUL for the end, whatever comes after it.
  if (const auto nul = text.find('\0'); nul != std::string_view::npos) {
    throw Error(Code::kCorrupt, cat("not valid JSON: syntax error at byte ", nul + 1));
  }
  Builder builder;
  if (!Ordered::sax_parse(text, &builder)) {
    throw Error(Code::kCorrupt, "not valid JSON: " + builder.problem());
  }
  return builder.take();
}

std::string Json::dump(int indent) const {
  return to_library(*this).dump(indent > 0 ? indent : -1, ' ', false,
                                Ordered::error_handler_t::replace);
}

Json& Json::set(std::string_view name, Json value) {
  auto* object = std::get_if<Object>(&value_);
  LIFEBOAT_CHECK(object != nullptr);
  for (auto& [known, member] : *object) {
    if (known == name) {
      member = std::move(value);
      return *this;
    }
  }
  object->emplace_back(std::string(name), std::move(value));
  return *this;
}

Json& Json::push(Json value) {
  auto* array = std::get_if<Array>(&value_);
  LIFEBOAT_CHECK(array != nullptr);
  array->push_back(std::move(value));
  return *this;
}

const Json* Json::find(std::string_view name) const {
  const Object* object = as_object();
  if (object == nullptr) return nullptr;
  for (const auto& [known, member] : *object) {
    if (known == name) return &member;
  }
  return nullptr;
}

std::optional<bool> Json::as_bool() const {
  if (const auto* value = std::get_if<bool>(&value_)) return *value;
  return std::nullopt;
}

std::optional<std::int64_t> Json::as_int() const {
  if (const auto* value = std::get_if<std::int64_t>(&value_)) return *value;
  const auto* value = std::get_if<std::uint64_t>(&value_);
  constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (value != nullptr && *value <= kMax) return static_cast<std::int64_t>(*value);
  return std::nullopt;
}

std::optional<std::uint64_t> Json::as_uint() const {
  if (const auto* value = std::get_if<std::uint64_t>(&value_)) return *value;
  const auto* value = std::get_if<std::int64_t>(&value_);
  if (value != nullptr && *value >= 0) return static_cast<std::uint64_t>(*value);
  return std::nullopt;
}

std::optional<double> Json::as_double() const {
  if (const auto* value = std::get_if<double>(&value_)) return *value;
  if (const auto value = as_int()) return static_cast<double>(*value);
  if (const auto value = as_uint()) return static_cast<double>(*value);
  return std::nullopt;
}

}  // namespace lifeboat::base
