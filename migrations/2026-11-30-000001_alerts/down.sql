DROP TABLE alert_transitions;
DROP TABLE alert_rules;
