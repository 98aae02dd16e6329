/// A cube as the bakers give it: RGBA, red fastest, alpha 1, encoded sRGB.
public struct Cube: Equatable {
    public let n: Int
    public let values: [Float]

    public init(n: Int, values: [Float]) throws {
        guard n >= 2, n <= 64 else {
            throw VeraError.invalid("a cube of \(n) points. Core Image takes 2 to 64.")
        }
        guard values.count == n * n * n * 4 else {
            throw VeraError.invalid("\(values.count) values. A cube of \(n) points has \(n * n * n * 4).")
        }
        guard values.allSatisfy(\.isFinite) else {
            throw VeraError.invalid("a cube with a value that is not finite. Verify the bundle.")
        }
        self.n = n
        self.values = values
    }

    public static func identity(_ n: Int) throws -> Cube {
        var values: [Float] = []
        for blue in 0..<n {
            for green in 0..<n {
                for red in 0..<n {
                    values += [red, green, blue].map { Float($0) / Float(n - 1) } + [1]
                }
            }
        }
        return try Cube(n: n, values: values)
    }

    /// A colour through the cube, trilinear: what Core Image is expected to show.
    public func apply(_ color: SIMD3<Float>) -> SIMD3<Float> {
        let place = color.clamped(lowerBound: .zero, upperBound: .one) * Float(n - 1)
        var found = SIMD3<Float>.zero
        for corner in 0..<8 {
            var index = 0
            var weight: Float = 1
            for (axis, step) in [(0, 1), (1, n), (2, n * n)] {
                let low = min(Int(place[axis]), n - 2)
                let share = place[axis] - Float(low)
                let far = corner >> axis & 1
                weight *= far == 1 ? share : 1 - share
                index += (low + far) * step
            }
            found += weight * SIMD3(values[4 * index], values[4 * index + 1], values[4 * index + 2])
        }
        return found
    }

    /// Blend with doing nothing: 0 gives the identity, 1 this cube.
    public func blended(_ strength: Float) throws -> Cube {
        let still = try Cube.identity(n)
        return try Cube(n: n, values: zip(still.values, values).map { $0 + strength * ($1 - $0) })
    }
}
