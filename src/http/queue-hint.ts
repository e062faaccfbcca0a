/** Whether a job was refused lately, for want of room. A guess, kept between requests: what counts is what the store says. */
export interface QueueHint {
  mayBeFull: boolean;
}
