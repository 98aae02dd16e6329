import Foundation

/// The golden tensors of a variant: float32 and uint8 tensors of a safetensors file, as floats.
public struct Safetensors {
    private struct Entry: Decodable {
        let dtype: String
        let shape: [Int]
        let data_offsets: [Int]
    }

    private let data: Data
    private let entries: [String: Entry]
    private let start: Int

    public init(_ url: URL) throws {
        data = try Data(contentsOf: url, options: .mappedIfSafe)
        guard data.count > 8 else { throw VeraError.invalid("\(url.lastPathComponent) is no safetensors file.") }
        let length = data.prefix(8).enumerated().reduce(0) { $0 | Int($1.element) << (8 * $1.offset) }
        guard length >= 0, length <= data.count - 8 else {
            throw VeraError.invalid("\(url.lastPathComponent) is no safetensors file.")
        }
        start = 8 + length
        entries = try JSONDecoder().decode([String: Entry].self, from: data[8..<start])
    }

    public var names: [String] { entries.keys.sorted() }

    public func shape(_ name: String) throws -> [Int] { try entry(name).shape }

    public func values(_ name: String) throws -> [Float] {
        let entry = try entry(name)
        let range = start + entry.data_offsets[0]..<start + entry.data_offsets[1]
        guard range.upperBound <= data.count else { throw VeraError.invalid("\(name) ends beyond the file.") }
        switch entry.dtype {
        case "U8": return data[range].map { Float($0) }
        case "F32":
            return stride(from: range.lowerBound, to: range.upperBound, by: 4).map { place in
                let bits = (0..<4).reduce(UInt32(0)) { $0 | UInt32(data[place + $1]) << (8 * UInt32($1)) }
                return Float(bitPattern: bits)
            }
        default: throw VeraError.invalid("\(name) is of \(entry.dtype). F32 and U8 are read.")
        }
    }

    private func entry(_ name: String) throws -> Entry {
        guard let found = entries[name] else { throw VeraError.unknown("no tensor \(name).") }
        return found
    }
}

/// How far a device is from the golden values.
public struct Parity: Equatable {
    public let largest: Float
    public let allowed: Float
    public var holds: Bool { largest <= allowed }

    /// - Parameters:
    ///   - golden: every so many values of the output's line; `stride` says how many.
    ///   - tolerance: a share of the largest golden value.
    public init(found: [Float], golden: [Float], stride step: Int, tolerance: Double) throws {
        let kept = Swift.stride(from: 0, to: found.count, by: step).map { found[$0] }
        guard kept.count == golden.count else {
            throw VeraError.invalid("\(kept.count) values for \(golden.count) golden ones. Is it this package's output?")
        }
        guard kept.allSatisfy(\.isFinite) else { throw VeraError.invalid("an output is not finite.") }
        largest = zip(kept, golden).map { abs($0 - $1) }.max() ?? 0
        allowed = Float(tolerance) * (golden.map { abs($0) }.max() ?? 0)
    }
}
