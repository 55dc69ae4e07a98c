/** What went wrong between here and the other end of remote write, of remote read or of the query API. */
export class RemoteError extends Error {
  override readonly name = 'RemoteError'
  /**
   * `corrupt`: bytes that are no snappy block or no message; `queue-full`: more is waiting than the queue may hold;
   * `rejected`: the receiver will never take it; `unreachable`: there was no answer; `too-old`: it waited longer than `sample_age_limit`; `closed`: the
   * sender was stopped before it was sent.
   */
  readonly code: 'corrupt' | 'queue-full' | 'rejected' | 'unreachable' | 'too-old' | 'closed'
  constructor(code: RemoteError['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
