#pragma once

namespace ecluse::rdp {

/// Edges of a desktop that is asked for, at the start or later. The widest and the highest together
/// are what the recording keeps at most.
constexpr unsigned desktop_width_max = 4096;
constexpr unsigned desktop_height_max = 2304;
constexpr unsigned desktop_edge_min = 200;

} // namespace ecluse::rdp
