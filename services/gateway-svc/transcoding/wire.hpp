#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace cartwise::gateway {

/// Protobuf's wire types; groups do not exist in proto3.
enum class WireType : uint8_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

/// One value on the wire: `bytes` of a length-delimited one, else `bits`.
struct WireValue {
  uint64_t bits = 0;
  std::string_view bytes;
};

/// Reads a serialized message from its start. Every read answers false at
/// broken bytes; the reader is of no more use then.
class WireReader {
 public:
  explicit WireReader(std::string_view bytes)
      : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  bool done() const { return at_ == end_; }

  bool ReadTag(uint32_t& number, WireType& type) {
    uint64_t tag = 0;
    if (!ReadVarint(tag) || tag > UINT32_MAX) return false;
    number = static_cast<uint32_t>(tag >> 3);
    const auto wire = static_cast<uint8_t>(tag & 7);
    type = static_cast<WireType>(wire);
    return number > 0 && (wire <= 2 || wire == 5);
  }

  bool ReadValue(WireType type, WireValue& value) {
    switch (type) {
      case WireType::kVarint:
        return ReadVarint(value.bits);
      case WireType::kFixed64:
        return ReadFixed<uint64_t>(value.bits);
      case WireType::kFixed32:
        return ReadFixed<uint32_t>(value.bits);
      case WireType::kBytes:
        return ReadBytes(value.bytes);
    }
    return false;
  }

 private:
  static_assert(std::endian::native == std::endian::little);

  bool ReadVarint(uint64_t& value) {
    value = 0;
    for (int shift = 0; shift < 64 && at_ != end_; shift += 7) {
      const auto byte = static_cast<uint8_t>(*at_++);
      value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return true;
    }
    return false;
  }

  template <typename Word>
  bool ReadFixed(uint64_t& value) {
    Word word;
    if (static_cast<size_t>(end_ - at_) < sizeof word) return false;
    std::memcpy(&word, at_, sizeof word);
    at_ += sizeof word;
    value = word;
    return true;
  }

  bool ReadBytes(std::string_view& bytes) {
    uint64_t size = 0;
    if (!ReadVarint(size) || size > static_cast<uint64_t>(end_ - at_)) return false;
    bytes = std::string_view(at_, size);
    at_ += size;
    return true;
  }

  const char* at_;
  const char* end_;
};

}  // namespace cartwise::gateway
