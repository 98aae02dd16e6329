import Foundation

/// styles.json beside the packages: phrases of the desktop's lexicon as style vectors for `tiny_style`.
///
/// Only what stands in the table is understood. Degrees, negations and regions ("slightly warmer", "not so dark", "teal shadows") are the
/// desktop's: a phrase that is not in the table is refused, never guessed.
public struct Styles: Decodable {
    struct Style: Decodable {
        let phrases: [String]
        let values: [String: Float]
    }

    /// Names in the order of a vector, `op.slot` or `op.slot[count]`.
    public let slots: [String]
    /// The length of a vector.
    public let size: Int
    let format: String
    let plain: [[Float]]
    let hard: [Int]
    let tints: [[Float]]
    let curves: [[Int]]
    let wheel: [[Float]]
    let styles: [Style]

    public static func read(_ data: Data) throws -> Styles {
        let found: Styles
        do {
            found = try JSONDecoder().decode(Styles.self, from: data)
        } catch {
            throw VeraError.invalid("styles.json cannot be read: \(error). Fetch the bundle again.")
        }
        guard found.format == "veraretouch.styles/1" else {
            throw VeraError.incompatible("styles.json is of \(found.format). This app reads veraretouch.styles/1.")
        }
        let places = found.plain.map { Int($0[0] + $0[1]) - 1 } + found.tints.flatMap { [Int($0[0]), Int($0[1])] }
            + found.curves.map { $0[0] + $0[1] - 1 } + found.styles.flatMap { $0.values.keys.map { Int($0) ?? -1 } }
        guard places.allSatisfy({ $0 >= 0 && $0 < found.size }) else {
            throw VeraError.invalid("styles.json names a place beyond \(found.size). Fetch the bundle again.")
        }
        return found
    }

    /// What can be asked for, each style by the first of its phrases.
    public var names: [String] { styles.map { $0.phrases[0] } }

    /// The vector of a prompt of known phrases with commas between them, such as "dreamy, warm".
    public func vector(_ prompt: String) throws -> [Float] {
        let phrases = prompt.lowercased().split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
        return try vector(phrases.filter { !$0.isEmpty }.map { ($0, 1) })
    }

    /// The vector of phrases, each with a strength: 0 nothing, 1 as the word says, 2 the most.
    public func vector(_ wishes: [(phrase: String, strength: Float)]) throws -> [Float] {
        // The same wish said twice counts once, at its strongest.
        var strengths: [Int: Float] = [:]
        for (phrase, strength) in wishes {
            guard let style = styles.firstIndex(where: { $0.phrases.contains(phrase.lowercased()) }) else {
                throw VeraError.unknown("no style \(phrase). There are \(names.joined(separator: ", ")).")
            }
            strengths[style] = max(strengths[style] ?? 0, min(2, max(0, strength)))
        }
        let parts = strengths.keys.sorted().map { (values: dense(styles[$0].values), strength: strengths[$0]!) }
        guard parts.count > 1 || parts.contains(where: { $0.strength != 1 }) else { return parts.first?.values ?? zeros }
        return sum(parts)
    }

    private var zeros: [Float] { [Float](repeating: 0, count: size) }

    private func dense(_ values: [String: Float]) -> [Float] {
        var found = zeros
        for (place, value) in values { found[Int(place)!] = value }
        return found
    }

    private func sum(_ parts: [(values: [Float], strength: Float)]) -> [Float] {
        var found = zeros
        for row in plain {
            for place in Int(row[0])..<Int(row[0] + row[1]) {
                let moving = parts.filter { $0.values[place] != 0 && $0.strength != 0 }
                let total = moving.reduce(Float(0)) { $0 + $1.strength * $1.values[place] }
                let alone = moving.count == 1 && moving[0].strength == 1
                found[place] = alone ? total : Styles.within(total, row[2], row[3], hard: hard.contains(place))
            }
        }
        for row in tints {
            let (hue, saturation) = (Int(row[0]), Int(row[1]))
            let moving = parts.filter { $0.values[saturation] != 0 && $0.strength != 0 }
            if moving.count == 1, moving[0].strength == 1 {
                (found[hue], found[saturation]) = (moving[0].values[hue], moving[0].values[saturation])
                continue
            }
            var (a, b) = (Float(0), Float(0))
            for part in moving {
                let angle = turned(part.values[hue], from: 0, to: 1) * .pi / 180
                a += part.strength * part.values[saturation] * cos(angle)
                b += part.strength * part.values[saturation] * sin(angle)
            }
            let length = (a * a + b * b).squareRoot()
            guard length > 5e-4 else { continue }
            let first = wheel[0][1]
            var angle = (atan2(b, a) * 180 / .pi).truncatingRemainder(dividingBy: 360)
            while angle < first { angle += 360 }
            found[hue] = turned(angle, from: 1, to: 0).truncatingRemainder(dividingBy: 360)
            found[saturation] = Styles.within(length, 0, row[2], hard: false)
        }
        for curve in curves {
            // A curve that fell would turn tones round.
            guard found[curve[0]..<curve[0] + curve[1]].contains(where: { $0 != 0 }) else { continue }
            var highest = Float(0)
            for knot in 0..<curve[1] {
                let line = Float(knot) / Float(curve[1] - 1)
                highest = max(highest, min(1, max(0, line + found[curve[0] + knot])))
                found[curve[0] + knot] = highest - line
            }
        }
        return found
    }

    /// An angle of the colour wheel as one of OkLab's, or the other way round.
    private func turned(_ angle: Float, from: Int, to: Int) -> Float {
        for (one, two) in zip(wheel, wheel.dropFirst()) where one[from] <= angle && angle <= two[from] {
            return one[to] + (two[to] - one[to]) * (angle - one[from]) / (two[from] - one[from])
        }
        return wheel[wheel.count - 1][to]
    }

    /// A sum within its reach, slowing down from half of it on.
    static func within(_ amount: Float, _ low: Float, _ high: Float, hard: Bool) -> Float {
        let end = amount > 0 ? high : -low
        if hard || end == 0 { return max(-end, min(end, amount)) }
        let half = end / 2, size = abs(amount)
        let slowed = size <= half ? size : half + half * tanh((size - half) / half)
        return amount < 0 ? -slowed : slowed
    }
}
