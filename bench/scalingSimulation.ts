import { seededUniform } from "../src/platform/random.ts";

/**
 * A night of many workers, played through event by event: slides of many sizes, GPUs that serve the slides of their worker
 * in turns, one database that serves everybody, slides that fail and workers that are killed. What a step costs is measured
 * elsewhere; what follows from it is found out here. Times are seconds.
 */
export type Plan = {
  workers: number;
  slides: number;
  /** Mean patches of a slide; sizes are log-normal with this spread (standard deviation of the logarithm). */
  patchesPerSlide: number;
  sizeSpread: number;
  slotsPerWorker: number;
  /** Of one worker's device. */
  patchesPerSecond: number;
  batchPatches: number;
  bytesPerPatch: number;
  /** Of the way to the slides, for each slide that is being read; Infinity for slides on the spot. */
  fetchBytesPerSecond: number;
  /** Opening, finding tissue, laying the grid: once a slide, on the worker's processor. */
  prepareSeconds: number;
  /** Connections that the database serves at a time. */
  databaseCores: number;
  /** Of the database: to take a job and end it, and to write a batch with its checkpoint and progress. */
  jobDatabaseSeconds: number;
  /** What taking and ending a job keeps everybody else's waiting: the queue's greatest pace, turned around. */
  jobTurnSeconds: number;
  batchDatabaseSeconds: number;
  /** The share of these that keeps the queue going rather than the vectors. */
  batchQueueSeconds: number;
  /** An idle slot looks again after so long. */
  pollSeconds: number;
  leaseSeconds: number;
  sweepSeconds: number;
  restartSeconds: number;
  /** Share of slides that fail for good, at any point of their patches. */
  failureShare: number;
  /** Mean time between two kills of the same worker; Infinity for none. */
  killSeconds: number;
  seed: number;
};

export type Outcome = {
  /** Until the last slide has ended. */
  makespanSeconds: number;
  /** All work on all devices, without a gap; no plan is faster, nor faster than its largest slide. */
  idealSeconds: number;
  /** Share of the makespan that devices were busy. */
  utilisation: number;
  databaseUtilisation: number;
  /** Share of the database's time that the queue takes. */
  queueShare: number;
  /** How long a batch waited for the database to begin with it. */
  databaseWaitP95Seconds: number;
  done: number;
  failed: number;
  kills: number;
  /** Patches embedded again because a worker was killed before their batch was written. */
  repeatedPatches: number;
};

type Event = { time: number; order: number; run: () => void };

/** Events by time, those of the same time in the order of their making: a binary heap. */
const createAgenda = () => {
  const heap: Event[] = [];
  let made = 0;
  const isBefore = (a: Event, b: Event) => a.time < b.time || (a.time === b.time && a.order < b.order);
  const swap = (a: number, b: number) => {
    [heap[a], heap[b]] = [heap[b] as Event, heap[a] as Event];
  };
  return {
    add(time: number, run: () => void) {
      heap.push({ time, order: made++, run });
      for (let at = heap.length - 1; at > 0; ) {
        const parent = (at - 1) >> 1;
        if (!isBefore(heap[at] as Event, heap[parent] as Event)) break;
        swap(at, parent);
        at = parent;
      }
    },
    take(): Event | undefined {
      const first = heap[0];
      const last = heap.pop();
      if (first === undefined || last === undefined || heap.length === 0) return first;
      heap[0] = last;
      for (let at = 0; ; ) {
        const [left, right] = [2 * at + 1, 2 * at + 2];
        let least = at;
        if (left < heap.length && isBefore(heap[left] as Event, heap[least] as Event)) least = left;
        if (right < heap.length && isBefore(heap[right] as Event, heap[least] as Event)) least = right;
        if (least === at) return first;
        swap(at, least);
        at = least;
      }
    },
  };
};

/** Serves so many at a time, the others in the order in which they came. */
const createServer = (agenda: ReturnType<typeof createAgenda>, clock: { now: number }, places: number) => {
  const waiting: { seconds: number; since: number; done: (waited: number) => void }[] = [];
  let free = places;
  const served = { busySeconds: 0 };
  const begin = ({ seconds, since, done }: (typeof waiting)[number]) => {
    free--;
    served.busySeconds += seconds;
    const waited = clock.now - since;
    agenda.add(clock.now + seconds, () => {
      free++;
      const next = waiting.shift();
      if (next) begin(next);
      done(waited);
    });
  };
  return {
    served,
    ask(seconds: number, done: (waited: number) => void) {
      const request = { seconds, since: clock.now, done };
      if (free > 0) begin(request);
      else waiting.push(request);
    },
  };
};

type Slide = { patches: number; written: number; failsAt: number };

/** Box and Muller, 1958. */
const normal = (random: () => number): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

const drawSlides = (plan: Plan, random: () => number): Slide[] => {
  const weights = Array.from({ length: plan.slides }, () => Math.exp(plan.sizeSpread * normal(random)));
  const scale = (plan.patchesPerSlide * plan.slides) / weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => {
    const patches = Math.max(1, Math.round(weight * scale));
    const fails = random() < plan.failureShare;
    return { patches, written: 0, failsAt: fails ? Math.floor(random() * patches) : Number.POSITIVE_INFINITY };
  });
};

const percentile = (values: Float64Array, share: number): number =>
  values.length === 0 ? 0 : (values.sort()[Math.max(0, Math.ceil(values.length * share) - 1)] as number);

/** One in so many waits is kept: a hundred million patches are hundreds of thousands of batches. */
const WAIT_SAMPLE = 8;

/** Plays the plan through. */
export const simulate = (plan: Plan): Outcome => {
  const random = seededUniform(plan.seed);
  const clock = { now: 0 };
  const agenda = createAgenda();
  const database = createServer(agenda, clock, plan.databaseCores);
  /** Taking and ending jobs, one after the other. */
  const turns = createServer(agenda, clock, 1);
  const slides = drawSlides(plan, random);
  const queue = [...slides];
  let ended = 0;
  const outcome = { failed: 0, kills: 0, repeated: 0, deviceSeconds: 0, queueSeconds: 0, batches: 0, lastEnd: 0 };
  const waits: number[] = [];

  const end = (slide: Slide) => {
    ended++;
    if (slide.written < slide.patches) outcome.failed++;
    outcome.lastEnd = clock.now;
  };

  /** What is left of a killed worker's slides is found when their leases have run out and somebody looks. */
  const abandon = (slide: Slide) => {
    const seen = clock.now + plan.leaseSeconds + random() * plan.sweepSeconds;
    agenda.add(seen, () => queue.unshift(slide));
  };

  const keepQueue = (done: () => void): void =>
    database.ask(plan.jobDatabaseSeconds / 2, () => {
      outcome.queueSeconds += plan.jobDatabaseSeconds / 2;
      turns.ask(plan.jobTurnSeconds / 2, done);
    });

  for (let worker = 0; worker < plan.workers; worker++) {
    const device = createServer(agenda, clock, 1);
    /** Grows with every kill: what was begun before belongs to nobody. */
    let life = 0;
    const held = new Set<Slide>();

    const embed = (slide: Slide, next: () => void, mine: () => boolean): void => {
      const batch = Math.min(plan.batchPatches, slide.patches - slide.written);
      const seconds = batch / plan.patchesPerSecond;
      device.ask(seconds, () => {
        outcome.deviceSeconds += seconds;
        if (!mine()) {
          outcome.repeated += batch;
          return;
        }
        database.ask(plan.batchDatabaseSeconds, (waited) => {
          outcome.batches++;
          outcome.queueSeconds += plan.batchQueueSeconds;
          if (outcome.batches % WAIT_SAMPLE === 0) waits.push(waited);
          // Committed: whoever goes on with the slide begins behind it, though its worker may be dead.
          slide.written += batch;
          if (!mine()) return;
          if (slide.written < slide.patches && slide.written < slide.failsAt) return embed(slide, next, mine);
          finish(slide, next, mine);
        });
      });
    };

    const finish = (slide: Slide, next: () => void, mine: () => boolean): void =>
      keepQueue(() => {
        if (!mine()) return;
        held.delete(slide);
        end(slide);
        next();
      });

    const look = (begun: number): void => {
      const mine = () => life === begun;
      if (!mine() || ended === slides.length) return;
      const slide = queue.shift();
      if (!slide) {
        agenda.add(clock.now + plan.pollSeconds, () => look(begun));
        return;
      }
      held.add(slide);
      keepQueue(() => {
        const fetch = (slide.patches * plan.bytesPerPatch) / plan.fetchBytesPerSecond;
        agenda.add(clock.now + fetch + plan.prepareSeconds, () => {
          if (mine()) embed(slide, () => look(begun), mine);
        });
      });
    };

    const begin = () => {
      const begun = life;
      for (let slot = 0; slot < plan.slotsPerWorker; slot++) {
        agenda.add(clock.now + random() * plan.pollSeconds, () => look(begun));
      }
      if (!Number.isFinite(plan.killSeconds)) return;
      // Kills come independently of each other: times between them are exponential.
      agenda.add(clock.now - Math.log(1 - random()) * plan.killSeconds, () => {
        if (ended === slides.length) return;
        outcome.kills++;
        life++;
        for (const slide of held) abandon(slide);
        held.clear();
        agenda.add(clock.now + plan.restartSeconds, begin);
      });
    };
    begin();
  }

  for (let event = agenda.take(); event && ended < slides.length; event = agenda.take()) {
    clock.now = event.time;
    event.run();
  }
  const makespanSeconds = outcome.lastEnd;
  const seconds = slides.map(({ patches, failsAt }) => Math.min(patches, failsAt) / plan.patchesPerSecond);
  const work = seconds.reduce((sum, value) => sum + value, 0);
  const largest = seconds.reduce((most, value) => Math.max(most, value), 0);
  return {
    makespanSeconds,
    idealSeconds: Math.max(work / plan.workers, largest),
    utilisation: outcome.deviceSeconds / (plan.workers * makespanSeconds),
    databaseUtilisation: database.served.busySeconds / (plan.databaseCores * makespanSeconds),
    queueShare: outcome.queueSeconds / database.served.busySeconds,
    databaseWaitP95Seconds: percentile(Float64Array.from(waits), 0.95),
    done: ended - outcome.failed,
    failed: outcome.failed,
    kills: outcome.kills,
    repeatedPatches: outcome.repeated,
  };
};
