#pragma once

#include <compare>
#include <functional>
#include <string>
#include <utility>

namespace ecluse {

/// A random text id such as "W-7KQ3M5X2…", of a kind that cannot be mistaken for another kind.
template <class Tag> class Id {
public:
    explicit Id(std::string text) : text_{std::move(text)} {}
    [[nodiscard]] std::string const& text() const { return text_; }
    friend auto operator<=>(Id const&, Id const&) = default;

private:
    std::string text_;
};

using PersonId = Id<struct PersonTag>;
using VendorId = Id<struct VendorTag>;
using AssetId = Id<struct AssetTag>;
using WindowId = Id<struct WindowTag>;
using SessionId = Id<struct SessionTag>;
using ReportId = Id<struct ReportTag>;
using SourceId = Id<struct SourceTag>;

} // namespace ecluse

template <class Tag> struct std::hash<ecluse::Id<Tag>> {
    std::size_t operator()(ecluse::Id<Tag> const& id) const
    {
        return std::hash<std::string>{}(id.text());
    }
};
