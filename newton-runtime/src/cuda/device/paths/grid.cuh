// Grids of costs as a block works at them, one at a time.

namespace nl {
namespace paths {

// The distance of cells not reached; nothing beyond it is ever reached.
constexpr double FAR_AWAY = 1e10;
constexpr unsigned int NONE = 0xffffffffu;

template <class T>
struct Rounding;
template <>
struct Rounding<float> {
    static constexpr float EPSILON = 1.1920928955078125e-7f;
};
template <>
struct Rounding<double> {
    static constexpr double EPSILON = 2.220446049250313e-16;
};

// Cells that a thread passes, a block's width apart, forwards or backwards.
struct Cells {
    unsigned int rows, columns, row, column, down, across;
    bool forwards;

    NL_FN Cells(unsigned int rows, unsigned int columns, bool forwards = true)
        : rows(rows), columns(columns), row(threadIdx.x / columns), column(threadIdx.x % columns),
          down(blockDim.x / columns), across(blockDim.x % columns), forwards(forwards) {}
    NL_FN bool any() const { return row < rows; }
    NL_FN unsigned int at_row() const { return forwards ? row : rows - 1 - row; }
    NL_FN unsigned int at_column() const { return forwards ? column : columns - 1 - column; }
    NL_FN void next() {
        row += down;
        column += across;
        if (column >= columns) {
            column -= columns;
            row += 1;
        }
    }
};

template <class T>
struct Grid {
    // rows x columns.
    const T* costs;
    // From the first cell, which counts; with a border one cell wide.
    T* distance;
    // Of each cell within the border: which neighbour it was reached from, counted row-major from the one above and to the left.
    unsigned char* from;
    unsigned int rows, columns;

    NL_FN unsigned int cells() const { return rows * columns; }
    NL_FN unsigned int width() const { return columns + 2; }
    NL_FN unsigned int bordered() const { return (rows + 2) * width(); }
    NL_FN unsigned int first() const { return width() + 1; }
    NL_FN unsigned int target() const { return rows * width() + columns; }
    // With the border, of a cell within.
    NL_FN unsigned int index(unsigned int row, unsigned int column) const { return (row + 1) * width() + column + 1; }
    NL_FN T cost(unsigned int row, unsigned int column) const { return costs[row * columns + column]; }
    // From a cell's index with the border to the one without.
    NL_FN unsigned int inside(unsigned int index) const { return (index / width() - 1) * columns + index % width() - 1; }
    // Index of a cell's neighbour k, 0 to 8; 4 is itself.
    NL_FN unsigned int neighbour(unsigned int index, unsigned int k) const {
        return index - width() - 1 + k / 3 * width() + k % 3;
    }

    // Fills distances; the block's threads wait for each other.
    NL_FN void fill(T border, T within) {
        for (unsigned int i = threadIdx.x; i < bordered(); i += blockDim.x) distance[i] = border;
        __syncthreads();
        for (Cells at(rows, columns); at.any(); at.next()) distance[index(at.row, at.column)] = within;
        __syncthreads();
    }
};

}  // namespace paths
}  // namespace nl
