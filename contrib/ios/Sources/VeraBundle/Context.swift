/// How a prompt goes through the decoder: 64 tokens a call while they fit, then one at a time.
public struct Context {
    public static let size = 1024
    public static let prefill = 64

    /// Tokens that are in the cache.
    public private(set) var position = 0

    /// Tokens that the cache holds: the third number of the shape of the decoder's states in bundle.json.
    public let capacity: Int

    public init(capacity: Int = Context.size) {
        self.capacity = capacity
    }

    public enum Call: Equatable {
        /// `count` of the 64 rows are tokens, the rest zeros, which later calls write over.
        case prefill(from: Int, count: Int)
        case step(from: Int)
    }

    /// The calls for so many more tokens.
    public mutating func take(_ tokens: Int) throws -> [Call] {
        guard position + tokens <= capacity else {
            throw VeraError.invalid("\(position + tokens) tokens. The context holds \(capacity): begin anew.")
        }
        var calls: [Call] = []
        var left = tokens
        while left > 0 {
            if left > 1, position + Context.prefill <= capacity {
                let count = min(left, Context.prefill)
                calls.append(.prefill(from: position, count: count))
                position += count
                left -= count
            } else {
                calls.append(.step(from: position))
                position += 1
                left -= 1
            }
        }
        return calls
    }
}
