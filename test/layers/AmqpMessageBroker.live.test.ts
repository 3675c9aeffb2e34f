/** The contract on the machine's own RabbitMQ: `SKEIN_TEST_AMQP_URL`, by default guest on the loopback. */
import { Layer } from "effect"
import * as AmqpMessageBroker from "../../src/layers/live/AmqpMessageBroker.ts"
import { suite, TestBroker } from "../services/MessageBrokerSuite.ts"

const url = process.env["SKEIN_TEST_AMQP_URL"] ?? "amqp://guest:guest@127.0.0.1:5672"

suite("RabbitMQ", Layer.merge(AmqpMessageBroker.layer, Layer.succeed(TestBroker, { url })))
