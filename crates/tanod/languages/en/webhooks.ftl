# The page "Webhooks": what the platform is told, and what did not arrive.

webhooks-endpoints = Endpoints
webhooks-none = The settings name no endpoint, so your platform hears nothing. Name one under <code>[[webhooks]]</code>.
webhooks-name = Name
webhooks-address = Address
webhooks-wants = Wants
webhooks-everything = everything
webhooks-ping = Send a ping to each
webhooks-deliveries = Deliveries
webhooks-which = Which deliveries
webhooks-no-delivery = None is here. What was delivered is forgotten after 30 days.
webhooks-newest = Deliveries, newest first
webhooks-event = Event
webhooks-to = To
webhooks-written = Written (UTC)
webhooks-state = State
webhooks-tries = Tries
webhooks-trouble = Trouble
webhooks-next = { $state }, next try { $time }
webhooks-again = Send again
webhooks-again-what = Send { $event } of { $time } again
webhooks-older = Older deliveries

delivery-state-all = All
delivery-state-waiting = Waiting
delivery-state-delivered = Delivered
delivery-state-dead = Given up
